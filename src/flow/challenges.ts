import { z } from 'zod'

/** A challenge that the engine shows itself, whatever the flow. */
export interface FrameworkChallenge {
  readonly kind: string
  readonly component: string
  readonly description: string
  readonly challenge: z.ZodObject
  readonly showsPendingUser: boolean
}

/** Where the client goes next. Also what the redirect stage shows. */
export const redirectChallenge = z.object({
  to: z.string().describe('Where to go: a path of this origin, or an absolute URL that an administrator or policy chose.'),
  finalRedirect: z.boolean().default(false).describe('Whether the flow is over with this redirect.'),
})

/** The end of every flow that went well, or was given up. */
export const redirect: FrameworkChallenge = {
  kind: 'redirect',
  component: 'xak-flow-redirect',
  description: 'Sends the client elsewhere: at the end of a flow, or in its middle when a redirect stage says so.',
  challenge: redirectChallenge,
  showsPendingUser: false,
}

/** The end of a flow that the person may not take, or may not go on with. */
export const accessDenied: FrameworkChallenge = {
  kind: 'access_denied',
  component: 'ak-stage-access-denied',
  description: 'The person may not take this flow, or may not go on with it. The execution is over.',
  challenge: z.object({ errorMessage: z.string().describe('Why, in words for the person.') }),
  showsPendingUser: true,
}

/** Something broke that the person can do nothing about. */
export const flowError: FrameworkChallenge = {
  kind: 'flow_error',
  component: 'ak-stage-flow-error',
  description: 'The server failed while it ran this step. Reading the execution again tries the step again.',
  challenge: z.object({
    requestId: z.string().describe('Names the failed request in the server log. Show it, so that it can be reported.'),
    error: z.string().optional().describe('What failed. Only superusers see it.'),
    traceback: z.string().optional().describe('Where it failed. Only superusers see it.'),
  }),
  showsPendingUser: false,
}

/**
 * Where a flow rests that went on by itself and would now hand something to the browser, such as a session: only the reply to
 * a request can carry that. Never on authentik's wire, whose clients always ask.
 */
export const continuation: FrameworkChallenge = {
  kind: 'continue',
  component: 'stagedoor-continue',
  description:
    'The flow goes on as soon as you read the execution by HTTP (`query { flowExecution }`): the reply carries a cookie that a stream cannot. Show nothing, read at once.',
  challenge: z.object({}),
  showsPendingUser: false,
}

/** All of them that authentik's wire knows; the redirect is a member of the union because the redirect stage declares it. */
export const frameworkChallenges = [accessDenied, flowError] as const

/** What every challenge carries that names a person. */
const pendingUserFields = {
  pendingUser: z.string().describe('Whom the screen should name: what was typed, or a user name. Empty for nobody.'),
  pendingUserAvatar: z.string().describe('The address of their picture.'),
}

/** All that a kind shows: what it declares, and whom it names. Every face derives from this. */
export function shownFields(challenge: z.ZodObject, showsPendingUser = false): z.ZodObject {
  return showsPendingUser ? z.object({ ...pendingUserFields, ...challenge.shape }) : challenge
}
