import { inbuiltBackend } from '../../credentials/password-backends.ts'
import type { Effect } from '../../flow/effects.ts'
import { isJsonObject, type JsonObject } from '../../flow/json.ts'
import { advance, type Changes, defineStage, deny, type StageContext } from '../../flow/stage.ts'
import type { User } from '../../flow/user.ts'
import { auditedData } from './audited-data.ts'
import { applyPrompted, type PromptedAccount } from './prompted-account.ts'
import { connecting, withSource } from './source-attribute.ts'
import { type UserWriteConfig, userWriteConfig } from './user-write-config.ts'
import { accountAfter, change, creation, nobody } from './written-account.ts'

type Context = StageContext<UserWriteConfig, unknown>

const failed = 'Failed to update user. Please try again later.'

/** Makes an account of what was answered, or changes one (reference: stages 4.10). */
export const userWriteStage = defineStage({
  kind: 'user_write',
  model: 'authentik_stages_user_write.userwritestage',
  description: 'Writes what was answered into an account, or into a new one, without a screen.',
  acts: true,

  config: userWriteConfig,

  async present(context) {
    const promptData = context.plan.context.prompt_data
    if (!isJsonObject(promptData)) return deny('No Pending data.')
    const target = targetOf(context)
    if ('denied' in target) return deny(target.denied)

    const prompted = applyPrompted(target.user ?? nobody, withPassword(context, promptData))
    if (!prompted) return deny(failed)
    if (prompted.fields.username.trim() === '') return deny()
    if (await isTaken(context, target.user, prompted.fields.username)) return deny(failed)
    return advance(await changes(context, target.user, cameThrough(context, prompted), promptData))
  },
})

/** Whose account is written; nobody's where a new one is made. */
function targetOf({ config, plan, pendingUser, sessionUser }: Context) {
  const pending = plan.context.pending_user
  // Neither somebody who only pretends to exist nor an account that is gone becomes a new one.
  if (pending && !(pending.known && pendingUser)) return { denied: undefined }
  if (config.userCreationMode === 'always_create') return { user: undefined }
  const user = pending ? pendingUser : sessionUser
  if (!user && config.userCreationMode === 'never_create') return { denied: "No user found and can't create new user." }
  return { user }
}

/** Of what prompts keep sealed only the password is written. */
function withPassword({ secrets }: Context, promptData: JsonObject): JsonObject {
  const sealed = isJsonObject(secrets.prompt_data) ? secrets.prompt_data.password : undefined
  return sealed === undefined ? promptData : { ...promptData, password: sealed }
}

/** A name that differs from another's in its case only would let people mistake one for the other. */
async function isTaken({ services }: Context, user: User | undefined, username: string): Promise<boolean> {
  if (username === user?.username) return false
  const owner = await services.users.find(username, ['username'], true)
  return owner !== undefined && owner.id !== user?.id
}

function cameThrough({ plan }: Context, prompted: PromptedAccount): PromptedAccount {
  const attributes = withSource(prompted.fields.attributes, plan.context['goauthentik.io/sources/connection'])
  return { ...prompted, fields: { ...prompted.fields, attributes } }
}

async function changes(
  context: Context,
  before: User | undefined,
  prompted: PromptedAccount,
  promptData: JsonObject,
): Promise<Changes> {
  const { config, plan } = context
  const account = await accountAfter(context, before, prompted)
  const groups = await groupsToJoin(context)
  const written: Effect = before
    ? { type: 'update_user', change: change(before, account, groups, config.terminateOtherSessions) }
    : { type: 'create_user', user: creation(account, groups) }
  const data = auditedData(promptData, prompted.written)
  const { password: _, ...rest } = promptData
  const about = before ? { pending_user: plan.context.pending_user ?? { known: true, id: before.id } } : newlyPending(account)
  return {
    context: { prompt_data: rest, ...about },
    secrets: { prompt_data: undefined },
    pendingUser: account,
    effects: [
      written,
      // An account that exists was connected by who proved that it is theirs, or is not.
      ...(before ? [] : connecting(plan.context['goauthentik.io/sources/connection'], account.id)),
      audit('user_write', account, { created: before === undefined, data }),
      ...(prompted.password === undefined ? [] : [audit('password_set', account)]),
    ],
  }
}

/** Whoever has just chosen their own account may be signed in to it. */
function newlyPending({ id }: User): JsonObject {
  return { pending_user: { known: true, id, backend: inbuiltBackend }, user_backend: inbuiltBackend }
}

/** The stage's own group, and those that the flow names; never one that somebody answered. */
async function groupsToJoin({ config, plan, services }: Context): Promise<readonly string[]> {
  const fromFlow: readonly unknown[] = Array.isArray(plan.context.groups) ? plan.context.groups : []
  const named = [config.createUsersGroup, ...fromFlow].filter((id) => typeof id === 'string')
  return named.length === 0 ? [] : services.users.existingGroups([...new Set(named)])
}

function audit(action: string, { id, username }: User, context?: JsonObject): Effect {
  return { type: 'audit', event: { action, userId: id, username, ...(context && { context }) } }
}
