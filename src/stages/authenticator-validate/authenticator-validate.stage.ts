import { z } from 'zod'
import { takesCode, useCode } from '../../credentials/code-authenticators.ts'
import { type Authenticator, throttledFor } from '../../flow/authenticators.ts'
import { duration } from '../../flow/duration.ts'
import type { Effect } from '../../flow/effects.ts'
import { isJsonObject, type JsonObject } from '../../flow/json.ts'
import { advance, ask, type Changes, defineStage, deny, invalid, type StageContext } from '../../flow/stage.ts'
import type { User } from '../../flow/user.ts'
import { secretText, text } from '../../shapes/text.ts'
import { configurationStage, deviceChallenge, deviceClass, deviceClasses } from './offer.ts'

/** How many refused codes end the execution; each authenticator slows down long before. */
export const mostRefusedCodes = 10

const factor = z.number().min(0).max(1000).default(1)

const config = z
  .object({
    notConfiguredAction: z
      .enum(['skip', 'deny', 'configure'])
      .default('skip')
      .describe('What becomes of people who have set up nothing that is asked for.'),
    configurationStages: z.array(z.uuid()).max(20).default([]).describe('The stages that set something up, for `configure`.'),
    deviceClasses: z
      .array(deviceClass)
      .default([...deviceClasses])
      .describe('What counts.'),
    lastAuthThreshold: duration('seconds=0').describe(
      'How long a proof counts for the next sign-in of the same browser. Not heeded yet: every sign-in asks.',
    ),
    totpOtpThrottlingFactor: factor.describe('Seconds that the first refused app code costs; each further one doubles it.'),
    staticOtpThrottlingFactor: factor.describe('The same for recovery codes.'),
  })
  .refine(
    ({ notConfiguredAction, configurationStages }) => notConfiguredAction !== 'configure' || configurationStages.length > 0,
    {
      path: ['configurationStages'],
      message: 'Name the stages that people can set something up with.',
    },
  )

type Config = z.output<typeof config>
type Context = StageContext<Config, unknown>

/** Asks for a second factor (reference: stages 4.21). */
export const authenticatorValidateStage = defineStage({
  kind: 'authenticator_validate',
  component: 'ak-stage-authenticator-validate',
  model: 'authentik_stages_authenticator_validate.authenticatorvalidatestage',
  description: 'Asks for a proof from something that the person has set up.',
  showsPendingUser: true,

  config,

  challenge: z.object({
    deviceChallenges: z.array(deviceChallenge).describe('What the person may prove themselves with: one entry a class.'),
    configurationStages: z.array(configurationStage).describe('What they may set up instead, when they have nothing yet.'),
  }),

  response: z.object({
    code: secretText({ max: 100 }).nullish().describe('A code from any of the offered classes. Autocomplete: one-time-code.'),
    selectedStage: text({ max: 64 }).nullish().describe('The `pk` of one of the configuration stages.'),
    selectedChallenge: z.record(z.string(), z.json()).nullish().describe('One of the device challenges, to have it prepared.'),
  }),

  references: ({ configurationStages }) => configurationStages,

  guesses: (context, { code }) => (code && personOf(context) ? `authenticator:${personOf(context)?.id}` : undefined),

  attemptLimit: () => mostRefusedCodes,

  async present(context) {
    const { config: settings, flow, plan } = context
    const user = personOf(context)
    // Somebody must be known before they can be asked for something of theirs.
    if (!user && !plan.context.pending_user) return flow.designation === 'authentication' ? deny() : advance()
    const offered = user ? await usable(context, user) : []
    if (offered.length > 0) return ask({ deviceChallenges: challengesOf(offered), configurationStages: [] })

    switch (settings.notConfiguredAction) {
      case 'skip':
        return advance()
      case 'deny':
        return deny('No (allowed) MFA authenticator configured.')
      case 'configure': {
        const [only, ...others] = settings.configurationStages
        if (only !== undefined && others.length === 0) return advance({ nextStages: [only] })
        return ask({ deviceChallenges: [], configurationStages: stagesOf(context) })
      }
    }
  },

  async answer(context, { code, selectedStage, selectedChallenge }) {
    const user = personOf(context)
    const offered = user ? await usable(context, user) : []
    if (offered.length === 0) {
      if (!selectedStage) return invalid('nonFieldErrors', 'Empty response')
      const known = context.config.configurationStages.includes(selectedStage)
      return known ? advance({ nextStages: [selectedStage] }) : invalid('selectedStage', 'Selected stage is invalid')
    }
    if (selectedChallenge && !offered.some((one) => one.id === uidOf(selectedChallenge))) {
      return invalid('selectedChallenge', 'invalid challenge selected')
    }
    return code ? judgeCode(context, offered, code) : invalid('nonFieldErrors', 'Empty response')
  },
})

/** Only what the stage offers is tried, and nothing that has to wait after refused codes. */
function judgeCode(context: Context, offered: readonly Authenticator[], code: string) {
  const now = context.services.now()
  const ready = offered.filter((one) => takesCode(one.kind) && throttledFor(one, factorOf(context.config, one), now) === 0)
  for (const one of ready) {
    const data = useCode(one.kind, one.data, code, now)
    if (data) return advance(proven(context, one, data as JsonObject))
  }
  const effects: Effect[] = ready.map(({ id }) => ({ type: 'fail_authenticator', id }))
  const message = 'Invalid Token. Please ensure the time on your device is accurate and try again.'
  return invalid('code', message, 'invalid', { effects })
}

function proven({ plan }: Context, { id, kind, name, version }: Authenticator, data: JsonObject): Changes {
  const known = isJsonObject(plan.context.auth_method_args) ? plan.context.auth_method_args : {}
  const before = Array.isArray(known.mfa_devices) ? known.mfa_devices : []
  const args = { ...known, mfa_devices: [...before, { pk: id, model_name: `${kind}device`, name }] }
  return {
    context: { auth_method: plan.context.auth_method ?? 'auth_mfa', auth_method_args: args },
    effects: [{ type: 'use_authenticator', id, version, data }],
  }
}

/** Somebody who only pretends to exist has nothing set up, and no session counts for them. */
function personOf({ plan, pendingUser, sessionUser }: Pick<Context, 'plan' | 'pendingUser' | 'sessionUser'>): User | undefined {
  return plan.context.pending_user ? pendingUser : sessionUser
}

async function usable({ config: settings, services }: Context, user: User): Promise<readonly Authenticator[]> {
  const own = await services.authenticators.of(user.id)
  const allowed: readonly string[] = settings.deviceClasses
  return own.filter(({ kind }) => allowed.includes(kind) && takesCode(kind))
}

/** One entry a class: a code is tried on all of it. */
function challengesOf(offered: readonly Authenticator[]) {
  const first = new Map<string, Authenticator>()
  for (const one of offered) if (!first.has(one.kind)) first.set(one.kind, one)
  return [...first.values()].map(({ id, kind, lastUsedAt }) => ({
    deviceClass: kind as z.input<typeof deviceClass>,
    deviceUid: id,
    challenge: {},
    lastUsed: lastUsedAt?.toISOString() ?? null,
  }))
}

function stagesOf({ config: settings, stages }: Context) {
  return settings.configurationStages.flatMap((id) => {
    const stage = stages[id]
    if (!stage) return []
    const { friendlyName } = stage.config
    const name = typeof friendlyName === 'string' && friendlyName ? friendlyName : stage.name
    return [{ pk: id, name, verboseName: name, metaModelName: modelOf(stage.kind) }]
  })
}

/** As authentik names the models of its stages. */
function modelOf(kind: string): string {
  return `authentik_stages_${kind}.${kind.replaceAll('_', '')}stage`
}

function factorOf(settings: Config, { kind }: Authenticator): number {
  return kind === 'static' ? settings.staticOtpThrottlingFactor : settings.totpOtpThrottlingFactor
}

function uidOf(challenge: Readonly<Record<string, unknown>>): unknown {
  return challenge.deviceUid ?? challenge.device_uid
}
