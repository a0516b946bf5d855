import type { Authenticator } from '../../src/flow/authenticators.ts'
import type { DuoAnswer, DuoEnrollmentStatus, DuoGateway } from '../../src/flow/duo.ts'
import { authenticatorDuoStage as stage } from '../../src/stages/authenticator-duo/authenticator-duo.stage.ts'
import type { State } from '../../src/stages/authenticator-duo/enrollment.ts'
import { type answered, type ContextOptions, stageContext, type TestContext, testNow } from './stage-context.ts'
import { someUser } from './stage-services.ts'

/** Whom the stage is about. */
export const ada = someUser()
/** The least that the stage is configured with. */
export const duoConfig = { clientId: 'DI1', clientSecret: 'not a real secret', apiHostname: 'api-1.duo.test' }
/** When an activation code lapses. */
export const tomorrow = new Date(testNow.getTime() + 86_400_000)
/** What Duo says to an enrolment. */
export const duoEnrollment = {
  userId: 'DU1',
  username: 'ada',
  activationBarcode: 'https://api-1.duo.test/frame/qr?value=abc',
  activationCode: 'duo://abc-XYZ',
  activationUrl: 'https://m-1.duo.test/activate/abc',
  expiresAt: tomorrow,
}
/** What is shown where there is nothing to activate. */
export const nothingToActivate = { activationBarcode: '', activationCode: '', activationUrl: null }

/** An answer of Duo's that is none. */
export const refusal = (problem: 'unreachable' | 'limited' | 'refused' | 'malformed', code?: number) =>
  ({ ok: false, problem, message: `Duo says ${problem}.`, code }) as const
/** An answer of Duo's. */
export const says = <Value>(value: Value): DuoAnswer<Value> => ({ ok: true, value })

/** A Duo that answers these in turn, and the last one on and on; it notes what it was asked. */
export function duoOf({
  enrollments = [says(duoEnrollment)],
  statuses = ['waiting'],
}: {
  enrollments?: DuoAnswer<typeof duoEnrollment>[]
  statuses?: (DuoEnrollmentStatus | ReturnType<typeof refusal>)[]
} = {}) {
  const asked: unknown[][] = []
  const next = <Item>(items: Item[]): Item => (items.length > 1 ? items.shift() : items[0]) as Item
  const duo: Partial<DuoGateway> = {
    enroll: async (...question) => {
      asked.push(['enroll', ...question])
      return next(enrollments)
    },
    enrollmentStatus: async (...question) => {
      asked.push(['status', ...question])
      const status = next(statuses)
      return typeof status === 'string' ? says(status) : status
    },
  }
  return { duo, asked, names: () => asked.filter(([what]) => what === 'enroll').map(([, , username]) => username) }
}

/** A moment at the stage. */
export const at = ({ config: more = {}, ...options }: ContextOptions = {}) =>
  stageContext(stage, { pendingUser: ada, ...options, config: { ...duoConfig, ...more } })

/** What was begun: the state that is kept, and the row that a later execution finds. */
export async function begun(options: ContextOptions = {}) {
  const verdict = await stage.present(at({ duo: duoOf().duo, ...options }))
  if (verdict.type !== 'wait') throw new Error(`Nothing was begun: ${JSON.stringify(verdict)}`)
  const effect = verdict.changes?.effects?.[0]
  if (effect?.type !== 'add_authenticator') throw new Error('Nothing is remembered of it.')
  return { state: verdict.state as State, row: rowOf(effect.authenticator), verdict }
}

/** An authenticator as the directory has it. */
export function rowOf(
  about: Pick<Authenticator, 'userId' | 'kind' | 'stageId' | 'name' | 'data'>,
  confirmed = false,
): Authenticator {
  const untouched = { version: 1, failures: 0, lastFailedAt: undefined, lastUsedAt: undefined, lookup: undefined }
  return { id: 'row', createdAt: testNow, confirmed, ...untouched, ...about }
}

/** The state after the first look. */
export const kept = async () => (await begun()).state
/** What the stage offers beside answering. */
export const actionsOf = (context: TestContext) => stage.actions?.(context)
/** What the stage hears when it is taken up. */
export const resumed = (context: TestContext) => stage.resume?.(context, new AbortController().signal)
/** Why an answer was refused. */
export const errorsOf = (verdict: Awaited<ReturnType<typeof answered>>) => (verdict.type === 'invalid' ? verdict.errors : verdict)
/** So many seconds after the first look. */
export const later = (seconds: number) => new Date(testNow.getTime() + seconds * 1000)
