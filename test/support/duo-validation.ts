import type { Authenticator } from '../../src/flow/authenticators.ts'
import type { DuoAnswer, DuoDevice, DuoGateway, DuoPreauth, DuoProblem, DuoStatus, DuoTransaction } from '../../src/flow/duo.ts'
import type { JsonObject } from '../../src/flow/json.ts'
import { authenticatorValidateStage as stage } from '../../src/stages/authenticator-validate/authenticator-validate.stage.ts'
import { answered, type ContextOptions, stageContext, type TestContext, testNow } from './stage-context.ts'
import { someUser } from './stage-services.ts'

export const ada = someUser()
export const duoStageId = '3f1c0a2e-3c6e-4a53-9d5a-0d8a4c5b2e77'

/** Something that Ada has set up: Duo, unless told. */
export function authenticator(about: Partial<Authenticator> = {}): Authenticator {
  return {
    id: 'duo-of-ada',
    userId: ada.id,
    kind: 'duo',
    stageId: duoStageId,
    lookup: undefined,
    name: 'Duo',
    confirmed: true,
    data: { duoUserId: 'DUADA' },
    version: 3,
    failures: 0,
    lastFailedAt: undefined,
    createdAt: testNow,
    lastUsedAt: undefined,
    ...about,
  }
}

export const telephone: DuoDevice = {
  id: 'DPHONE',
  displayName: 'iOS (XXX-XXX-0100)',
  type: 'phone',
  capabilities: ['auto', 'push', 'sms', 'phone', 'mobile_otp'],
}

/** What Duo says. */
export function said<Value>(value: Value): DuoAnswer<Value> {
  return { ok: true, value }
}

/** What Duo does not say. */
export function silent(problem: DuoProblem): DuoAnswer<never> {
  return { ok: false, problem, message: `It was ${problem}.`, code: undefined }
}

/** A Duo whose answers a test has written down: the last one of each sort again and again. Notes what it was asked. */
export class WrittenDuo {
  readonly preauths: unknown[] = []
  readonly begun: unknown[] = []
  readonly verified: unknown[] = []
  readonly followed: string[] = []
  preauth: DuoAnswer<DuoPreauth> = said({ result: 'auth', message: '', devices: [telephone] })
  transaction: DuoAnswer<DuoTransaction> | Promise<DuoAnswer<DuoTransaction>> = said({
    txid: 'tx-1',
    verificationCode: undefined,
  })
  statuses: DuoAnswer<DuoStatus>[] = []
  passcodes: readonly string[] = []
  verdict: DuoAnswer<DuoStatus> | undefined

  readonly gateway: Partial<DuoGateway> = {
    preauth: async (settings, who) => {
      this.preauths.push({ ...settings, ...who })
      return this.preauth
    },
    begin: async (_, authentication) => {
      this.begun.push(authentication)
      return this.transaction
    },
    verify: async (_, authentication) => {
      this.verified.push(authentication)
      const right = this.passcodes.includes(authentication.passcode ?? '')
      return this.verdict ?? said({ result: right ? 'allow' : 'deny', status: right ? 'allow' : 'deny', message: '' })
    },
    status: async (_, txid, signal) => {
      this.followed.push(txid)
      const next = this.statuses.length > 1 ? this.statuses.shift() : this.statuses[0]
      if (next) return next
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
      return silent('unreachable')
    },
  }

  /** What the person, or Duo, makes of the request. */
  answers(result: DuoStatus['result'], status: string = result): this {
    this.statuses.push(said({ result, status, message: '' }))
    return this
  }
}

/** What a test says about the moment, and about Duo. */
export interface DuoOptions extends ContextOptions {
  readonly failMode?: 'secure' | 'safe'
  /** Ada is signed in, and the flow is about nobody else. */
  readonly isSignedIn?: boolean
}

/** The moment when Ada is asked for her second factor, after her password. */
export function asking(duo: WrittenDuo, { failMode = 'secure', isSignedIn = false, ...options }: DuoOptions = {}): TestContext {
  const duoConfig = { clientId: 'DIKEY', apiHostname: 'api-0.duosecurity.test', failMode }
  const afterPassword = {
    pendingUser: ada,
    context: { pending_user: { known: true, id: ada.id }, auth_method: 'password' },
  } as const
  return stageContext(stage, {
    authenticators: [authenticator()],
    liveStages: { [duoStageId]: { kind: 'authenticator_duo', config: duoConfig } },
    secretConfigs: { [duoStageId]: { clientSecret: 'not a real secret' } },
    duo: duo.gateway,
    ...(isSignedIn ? { sessionUser: ada } : afterPassword),
    ...options,
  })
}

/** The same server at its next turn, with what was kept. */
export function withState(context: TestContext, state: unknown): TestContext {
  return { ...context, state }
}

/** What an answer leaves behind. */
export async function stateAfter(context: TestContext, response: object): Promise<JsonObject> {
  return keptBy(await answered(stage, context, response))
}

/** What news leaves behind. */
export function keptBy(verdict: unknown): JsonObject {
  const { changes } = verdict as { changes?: { state?: JsonObject } }
  if (!changes?.state) throw new Error(`Nothing was kept: ${JSON.stringify(verdict)}`)
  return changes.state
}

/** What is new, for somebody who looks until they are told to stop. */
export async function news(context: TestContext, state: unknown, signal: AbortSignal = new AbortController().signal) {
  return stage.resume?.(withState(context, state), signal)
}

/** A request that the person has got. */
export async function pushed(context: TestContext, response: object = { duo: 'duo-of-ada' }): Promise<JsonObject> {
  const claimed = await news(context, await stateAfter(context, response))
  return keptBy(await news(context, keptBy(claimed)))
}
