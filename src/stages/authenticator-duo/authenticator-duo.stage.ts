import { z } from 'zod'
import { duoLookup, duoSettings } from '../../credentials/duo-settings.ts'
import type { DuoEnrollmentStatus } from '../../flow/duo.ts'
import { TooManyAttemptsError } from '../../flow/errors.ts'
import { advance, ask, askAgain, defineStage, deny, invalid, personOf, type Resumed, wait } from '../../flow/stage.ts'
import type { User } from '../../flow/user.ts'
import { text } from '../../shapes/text.ts'
import { type Begun, begin, type Context, type Enrollment, enrolled, liveEnrollment, type State, statusOf } from './enrollment.ts'
import { type Problem, passes, problems, tooSoon } from './problems.ts'

/** How often pages ask, and the server does where somebody listens (seconds). */
const pollAfter = 3

/** Enrols a telephone with Duo's app (reference: stages 4.15). */
export const authenticatorDuoStage = defineStage({
  kind: 'authenticator_duo',
  component: 'ak-stage-authenticator-duo',
  model: 'authentik_stages_authenticator_duo.authenticatorduostage',
  description: 'Sets up a telephone with Duo Mobile.',
  showsPendingUser: true,
  configurable: true,

  config: z.object({ friendlyName: text({ max: 200 }).default('').describe('What people see it called.'), ...duoSettings }),

  challenge: z.object({
    activationBarcode: z
      .string()
      .describe('The address of a picture that the app scans; empty while there is nothing to activate.'),
    activationCode: z
      .string()
      .describe('The same as a text, for telephones that the page is open on. Whoever sees it can activate their own telephone.'),
    activationUrl: z.string().nullable().describe('A page of Duo that leads to the app and activates it, where Duo has one.'),
    stageUuid: z
      .string()
      .describe('The id of the stage, which programs written for authentik ask for the state of the activation by.'),
    problem: z.string().nullable().describe('Why there is nothing to activate, for people; null while there is something.'),
  }),

  response: z.object({}),

  async present(context) {
    const user = personOf(context)
    // Somebody who only pretends to exist gets no further than others do.
    if (!user) return context.plan.context.pending_user ? deny() : advance()
    const kept = context.state as State | undefined
    if (kept && !isDue(context, kept)) return shown(context, user, { state: kept, effects: [] })
    return shown(context, user, await begin(context, user))
  },

  async answer(context) {
    const user = personOf(context)
    const kept = context.state as State | undefined
    if (!user || !kept) return deny()
    const live = liveEnrollment(context, kept)
    if (!live) return triedAgain(context, user, kept)
    const { status, busy } = await statusOf(context, live)
    if (busy !== undefined) return invalid('nonFieldErrors', tooSoon, 'throttled')
    if (status === 'success') return passed(context, user, live)
    if (status === undefined) return invalid('nonFieldErrors', problems.unreachable, 'unavailable')
    // The reference throws the person out of the flow here: they keep what they may be about to scan.
    return invalid('nonFieldErrors', `Invalid enrollment status: ${status}.`, 'invalid', { state: heard(kept, status) ?? kept })
  },

  async resume(context): Promise<Resumed | undefined> {
    const kept = context.state as State | undefined
    const live = liveEnrollment(context, kept)
    const news = kept && live && heard(kept, (await statusOf(context, live)).status)
    return news && askAgain({ state: news })
  },

  async lapse(context) {
    const kept = context.state as State
    // It may have been activated in the last moment.
    const { status = 'invalid' } = kept.enrollment ? await statusOf(context, kept.enrollment) : {}
    return askAgain({ state: heard(kept, status === 'success' ? status : 'invalid') ?? kept })
  },

  actions(context) {
    const kept = context.state as State | undefined
    const problem = kept && problemOf(context, kept)
    if (!problem) return []
    const { again } = kept
    return [{ type: 'resend', ...(again !== undefined && { availableAt: again, reason: tooSoon }) }]
  },

  async act(context) {
    const user = personOf(context)
    return user ? askAgain(await begin(context, user)) : deny()
  },

  probes: {
    enrollment_status: async (context) => {
      const { enrollment, activated } = (context.state ?? {}) as State
      if (!enrollment) return undefined
      if (activated) return { duoResponse: 'success' }
      // What cannot be asked now may be activated all the same: the program goes on asking.
      const { status = 'waiting', busy } = await statusOf(context, enrollment)
      if (busy !== undefined) throw new TooManyAttemptsError(Math.ceil(busy))
      return { duoResponse: status }
    },
  },
})

/** Why there is nothing to activate; undefined: there is something. */
function problemOf(context: Context, kept: State): Problem | undefined {
  return liveEnrollment(context, kept) ? undefined : (kept.problem ?? 'lapsed')
}

/** Whether it is time to try again by itself. */
function isDue(context: Context, kept: State): boolean {
  const problem = problemOf(context, kept)
  return problem !== undefined && !kept.activated && passes(problem) && !isTooSoon(context, kept)
}

function isTooSoon({ services }: Context, { again = 0 }: State): boolean {
  return again > services.now().getTime()
}

/** What is kept of what Duo says; undefined: nothing new. */
function heard(kept: State, status: DuoEnrollmentStatus | undefined): State | undefined {
  if (status === 'success') return { ...kept, activated: true }
  return status === 'invalid' ? { ...kept, problem: 'lapsed' } : undefined
}

async function shown(context: Context, user: User, { state, effects }: Begun) {
  if (state.activated && state.enrollment) return passed(context, user, state.enrollment)
  const live = liveEnrollment(context, state)
  const problem = problemOf(context, state)
  const challenge = {
    activationBarcode: live?.activationBarcode ?? '',
    activationCode: live?.activationCode ?? '',
    activationUrl: live?.activationUrl ?? null,
    stageUuid: context.stageId,
    problem: problem ? problems[problem] : null,
  }
  const changes = effects.length > 0 ? { effects } : undefined
  if (!live) return ask(challenge, state, changes)
  return wait(challenge, state, { reason: 'activation', until: new Date(live.expiresAt), pollAfter }, changes)
}

/** Nobody at Duo stands for two people here, nor for one twice. */
async function passed(context: Context, user: User, enrollment: Enrollment) {
  const known = await context.services.authenticators.find('duo', duoLookup(context.stageId, enrollment.userId))
  return known ? deny('Device with Credential ID already exists.') : advance({ effects: [enrolled(context, user, enrollment)] })
}

/** An answer where there is nothing to activate asks for something: programs written for authentik have no other way to. */
async function triedAgain(context: Context, user: User, kept: State) {
  if (isTooSoon(context, kept)) return invalid('nonFieldErrors', problems[problemOf(context, kept) ?? 'throttled'], 'throttled')
  const begun = await begin(context, user)
  const { problem } = begun.state
  return problem ? invalid('nonFieldErrors', problems[problem], 'unavailable', begun) : askAgain(begun)
}
