import { z } from 'zod'
import { equalsInConstantTime } from '../../credentials/random.ts'
import { redirect, redirectChallenge } from '../../flow/challenges.ts'
import { duration, secondsOf } from '../../flow/duration.ts'
import type { JsonObject } from '../../flow/json.ts'
import { type SourceProblem, sourceStageKind } from '../../flow/sources.ts'
import { ask, defineStage, deny, invalid, type StageContext } from '../../flow/stage.ts'
import { secretText } from '../../shapes/text.ts'
import { welcome } from './arrival.ts'
import { oauthSource } from './oauth-source.ts'
import { usableSource } from './usable-source.ts'

const config = z.object({
  source: z.uuid().describe('The source that people are sent to.'),
  resumeTimeout: duration('minutes=10').describe('How long they may take to come back.'),
  resumeOnMatchFailures: z
    .array(
      z.enum(['missing_property']).meta({ id: 'SourceMatchFailure', description: 'Why nobody of ours could be looked for.' }),
    )
    .default([])
    .describe('What does not end the flow when the source tells too little to find an account by.'),
})

const response = z.object({
  callbackUrl: secretText({ max: 8192, min: 1 }).describe(
    'The whole address that the source sent the person back to. Browsers come back to this server, which answers by itself; only an app that catches them on the way needs this.',
  ),
})

type Config = z.output<typeof config>

/** One trip, from when somebody is sent away until they are back. */
interface State {
  readonly state: string
  readonly to: string
  /** What the kind of source wants to know again. */
  readonly memory: JsonObject
  /** Milliseconds since 1970. */
  readonly until: number
}

/** Lets another place say who somebody is (reference: stages 4.25). */
export const sourceStage = defineStage<typeof config, typeof redirectChallenge, typeof response, State>({
  kind: sourceStageKind,
  component: redirect.component,
  model: 'authentik_stages_source.sourcestage',
  description: 'Sends the person to another place that says who they are, and waits until they are back.',
  objects: [oauthSource],

  config,

  challenge: redirectChallenge,

  response,

  references: ({ source }) => [source],

  async present(context) {
    const source = usableSource(context)
    if (typeof source === 'string') return deny(source)
    const { executionId, services, state } = context
    // A refreshed page leads to where the person may be already. A trip of another execution leads back to that one.
    const known = state && state.until > services.now().getTime() && state.state.startsWith(`${executionId}.`)
    if (known) return ask({ to: state.to, finalRedirect: false })

    const returning = `${executionId}.${services.randomToken()}`
    const departure = await services.sources.depart(source.settings, returning)
    if (!departure.ready) return deny(saying(departure.problem, source.name))
    const { to, memory } = departure
    return ask({ to, finalRedirect: false }, { state: returning, to, memory, until: expiryOf(context) })
  },

  async answer(context, { callbackUrl }) {
    const source = usableSource(context)
    if (typeof source === 'string') return deny(source)
    const { services, state } = context
    // Whoever brings an answer to another question, or to another source, learns nothing and ends nothing.
    if (!state || !isAnswerTo(state, callbackUrl, services.sources.callbackUrl(source.config.slug)))
      return invalid('callbackUrl', 'This answer belongs to another sign-in.', 'state_mismatch')
    if (state.until <= services.now().getTime()) return invalid('callbackUrl', 'This took too long. Please try again.', 'expired')

    const arrival = await services.sources.arrive(source.settings, state.state, state.memory, callbackUrl)
    return arrival.arrived ? welcome(context, source, arrival.identity) : deny(saying(arrival.problem, source.name))
  },
})

function expiryOf({ config: { resumeTimeout }, services }: StageContext<Config, State>): number {
  return services.now().getTime() + secondsOf(resumeTimeout) * 1000
}

function isAnswerTo({ state }: State, callbackUrl: string, expected: string): boolean {
  if (!URL.canParse(callbackUrl)) return false
  const { origin, pathname, searchParams } = new URL(callbackUrl)
  return `${origin}${pathname}` === expected && equalsInConstantTime(searchParams.get('state') ?? '', state)
}

function saying(problem: SourceProblem, name: string): string {
  switch (problem) {
    case 'refused':
      return `${name} did not sign you in.`
    case 'unreachable':
      return `${name} does not answer. Please try again later.`
    case 'untrusted':
      return `${name} gave an answer that proves nothing. Please tell an administrator.`
  }
}
