import { z } from 'zod'
import type { Invitation } from '../../flow/accounts.ts'
import type { Effect } from '../../flow/effects.ts'
import { isJsonObject, type JsonObject } from '../../flow/json.ts'
import { advance, defineStage, deny, type StageContext } from '../../flow/stage.ts'
import { mergeFixed } from './merge-fixed.ts'

type Context = Pick<StageContext<unknown, unknown>, 'flow' | 'plan' | 'services'>

/** Lets in only who was invited, and fixes what the invitation says about them (reference: stages 4.13). */
export const invitationStage = defineStage({
  kind: 'invitation',
  model: 'authentik_stages_invitation.invitationstage',
  description: 'Lets in only who was invited, and fixes what the invitation says about them.',

  config: z.object({
    continueFlowWithoutInvitation: z
      .boolean()
      .default(false)
      .describe('Whether people without a valid invitation go on too, without what one would have fixed.'),
  }),

  async present(context) {
    const invitation = await validInvitation(context)
    if (invitation)
      return advance({ context: effectOn(context.plan.context, invitation), effects: effectsOf(context, invitation) })
    return context.config.continueFlowWithoutInvitation ? advance() : deny('Invalid invite/invite not found')
  },
})

async function validInvitation({ flow, plan, services }: Context): Promise<Invitation | undefined> {
  const { prompt_data: promptData } = plan.context
  const typed = isJsonObject(promptData) ? promptData.token : undefined
  const id = readUuid(plan.query.itoken || plan.query.token || typed)
  const invitation = id === undefined ? undefined : await services.invitation(id)
  if (!invitation || (invitation.expiresAt && invitation.expiresAt <= services.now())) return undefined
  return invitation.flowId === undefined || invitation.flowId === flow.id ? invitation : undefined
}

/** A UUID as it is stored, written with or without dashes. */
function readUuid(token: unknown): string | undefined {
  if (typeof token !== 'string') return undefined
  const parts = /^([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})$/.exec(token.toLowerCase())
  return parts?.slice(1).join('-')
}

/** What policies and later stages learn of it. */
function effectOn(context: JsonObject, { id, name, expiresAt, singleUse, flowId, fixedData }: Invitation): JsonObject {
  const invitation = {
    pk: id,
    name,
    expires: expiresAt?.toISOString() ?? null,
    single_use: singleUse,
    flow: flowId ?? null,
    fixed_data: fixedData,
  }
  const promptData = isJsonObject(context.prompt_data) ? context.prompt_data : {}
  return { invitation_in_effect: true, invitation, prompt_data: mergeFixed(promptData, fixedData) }
}

function effectsOf({ flow }: Context, { id, name, singleUse }: Invitation): readonly Effect[] {
  // An invitation is known by its name: its id lets people in.
  const used: Effect = { type: 'audit', event: { action: 'invitation_used', context: { invitation: name, flow: flow.slug } } }
  return singleUse ? [{ type: 'use_invitation', id }, used] : [used]
}
