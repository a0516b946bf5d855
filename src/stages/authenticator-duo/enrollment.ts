import { z } from 'zod'
import { duoLookup, readDuoSettings } from '../../credentials/duo-settings.ts'
import type { DuoAnswer, DuoEnrollment, DuoEnrollmentStatus } from '../../flow/duo.ts'
import type { Effect } from '../../flow/effects.ts'
import { ServiceUnavailableError } from '../../flow/errors.ts'
import type { StageContext } from '../../flow/stage.ts'
import type { User } from '../../flow/user.ts'
import type { Problem } from './problems.ts'

/** How long Duo lets somebody activate what was begun (seconds): as long as it does by itself. */
const activationTime = 86_400
/** How often Duo is asked for an enrolment of one person, within an hour. */
const mostEnrollments = 10
/** How often Duo is asked how the enrolments of one execution stand, within a minute. Pages ask every three seconds. */
export const mostQuestions = 60
/** Seconds in which nothing is begun after something went wrong. */
const pause = 15
/** Seconds in which one moment of an execution begins only once. */
const beginnings = 5

export type Context = StageContext<Readonly<Record<string, unknown>>, unknown>

const enrollment = z.object({
  userId: z.string(),
  activationBarcode: z.string(),
  activationCode: z.string(),
  activationUrl: z.string().nullable(),
  /** Milliseconds since 1970. */
  expiresAt: z.number(),
})

/** Somebody whom Duo waits for. */
export type Enrollment = z.output<typeof enrollment>

/** What the stage keeps. */
export type State = {
  /** The last one that was begun, as long as it may count. */
  readonly enrollment?: Enrollment
  /** Duo says that it was activated. */
  readonly activated?: true
  /** Why there is nothing to activate. */
  readonly problem?: Problem
  /** Milliseconds since 1970: when the person may try again. */
  readonly again?: number
}

type Failure = Extract<DuoAnswer<never>, { ok: false }>

/** What a beginning left. */
export interface Begun {
  readonly state: State
  readonly effects: readonly Effect[]
}

/** What there is to activate; undefined: nothing any more, or not yet. */
export function liveEnrollment({ services }: Pick<Context, 'services'>, state: State | undefined): Enrollment | undefined {
  const { enrollment, problem } = state ?? {}
  return enrollment && !problem && enrollment.expiresAt > services.now().getTime() ? enrollment : undefined
}

/**
 * What there is for somebody to activate. What they began before with this stage, in this execution or another one, still
 * counts: Duo takes each name once, so who comes back would otherwise find themselves locked out.
 */
export async function begin(context: Context, user: User): Promise<Begun> {
  const { services, stageId } = context
  const found = await services.authenticators.begun(user.id, 'duo', stageId)
  const left = enrollment.safeParse(found?.data).data
  if (!left) return enroll(context, user)
  const { status } = await statusOf(context, left)
  if (status === 'success') return { state: { enrollment: left, activated: true }, effects: [] }
  const counts = status !== 'invalid' && left.expiresAt > services.now().getTime()
  return counts ? { state: { enrollment: left }, effects: [] } : enroll(context, user, status && left)
}

/** How Duo says that an enrolment stands; undefined: it says nothing. `busy`: it was asked too often, for so many seconds. */
export async function statusOf(
  context: Context,
  { userId, activationCode }: Enrollment,
): Promise<{ readonly status?: DuoEnrollmentStatus; readonly busy?: number }> {
  const { executionId, services } = context
  const busy = await services.takeTurn(`duo questions of ${executionId}`, mostQuestions, 60)
  if (busy !== undefined) return { busy }
  const answer = await services.duo.enrollmentStatus(settingsOf(context), { userId, activationCode })
  return answer.ok ? { status: answer.value } : {}
}

/**
 * Of two requests that begin at one and the same moment of an execution, the second one would be told that the name is taken, and
 * could be the one that is saved. Throws for the second one.
 */
async function mustBeginAlone({ executionId, plan, state, services }: Context): Promise<void> {
  const moment = services.digestOf(JSON.stringify([executionId, plan.restarts, state ?? null]))
  const wait = await services.takeTurn(`duo beginning ${moment}`, 1, beginnings)
  if (wait !== undefined) throw new ServiceUnavailableError(Math.ceil(wait))
}

/** `before`: what the person began and never activated, so that their name at Duo is nobody else's. */
async function enroll(context: Context, user: User, before?: Enrollment): Promise<Begun> {
  const { services } = context
  await mustBeginAlone(context)
  const wait = await services.takeTurn(`duo enrollments of user ${user.id}`, mostEnrollments, 3600)
  if (wait !== undefined) return { state: after(context, 'throttled', wait, before), effects: [] }
  const settings = settingsOf(context)
  const first = await services.duo.enroll(settings, user.username, activationTime)
  const answer =
    before && isTaken(first) ? await services.duo.enroll(settings, anotherName(context, user), activationTime) : first
  if (!answer.ok) {
    const problem = await problemOf(context, user, answer)
    return { state: after(context, problem, pause, before), effects: [failed(context, user, answer)] }
  }
  const begun = kept(answer.value)
  const { id: userId } = user
  const authenticator = {
    userId,
    kind: 'duo',
    stageId: context.stageId,
    name: nameOf(context),
    data: begun,
    confirmed: false,
  } as const
  return { state: { enrollment: begun }, effects: [{ type: 'add_authenticator', authenticator }] }
}

/** The authenticator that an activated enrolment makes. */
export function enrolled(context: Context, user: User, { userId: duoUserId }: Enrollment): Effect {
  const { stageId } = context
  const lookup = duoLookup(stageId, duoUserId)
  const authenticator = { userId: user.id, kind: 'duo', stageId, name: nameOf(context), data: { duoUserId }, lookup }
  return { type: 'add_authenticator', authenticator }
}

async function problemOf({ services, stageId }: Context, user: User, answer: Failure): Promise<Problem> {
  if (!isTaken(answer)) return answer.problem === 'refused' ? 'refused' : 'unreachable'
  const own = await services.authenticators.of(user.id)
  return own.some((one) => one.kind === 'duo' && one.stageId === stageId) ? 'known' : 'taken'
}

function nameOf({ config }: Context): string {
  return String(config.friendlyName || 'Duo Authenticator')
}

function after({ services }: Context, problem: Problem, seconds: number, before: Enrollment | undefined): State {
  return { ...(before && { enrollment: before }), problem, again: services.now().getTime() + seconds * 1000 }
}

function kept({ userId, activationBarcode, activationCode, activationUrl, expiresAt }: DuoEnrollment): Enrollment {
  return { userId, activationBarcode, activationCode, activationUrl: activationUrl ?? null, expiresAt: expiresAt.getTime() }
}

/** A name that Duo has not had yet, by which administrators see whose it is. */
function anotherName({ services }: Context, { username }: User): string {
  return `${username}-${services.randomToken().slice(-6)}`
}

/** Duo takes a name once: in its words a bad parameter (40002), or a name that is there already (40003). */
function isTaken(answer: DuoAnswer<unknown>): boolean {
  return !answer.ok && answer.problem === 'refused' && (answer.code === 40_002 || answer.code === 40_003)
}

function settingsOf({ config }: Context) {
  const settings = readDuoSettings(config)
  if (!settings) throw new Error('The stage is configured for no Duo.')
  return settings.duo
}

function failed({ name }: Context, user: User, { message, problem }: Failure): Effect {
  const context = { message: `Duo enrolls nobody: ${message}`, problem, stage: name }
  return { type: 'audit', event: { action: 'configuration_error', userId: user.id, username: user.username, context } }
}
