import { inbuiltBackend } from '../../credentials/password-backends.ts'
import type { Effect } from '../../flow/effects.ts'
import type { JsonObject } from '../../flow/json.ts'
import { isJsonObject } from '../../flow/json.ts'
import type { SourceIdentity } from '../../flow/sources.ts'
import { advance, deny, type StageContext, switchFlow, type Verdict } from '../../flow/stage.ts'
import type { User } from '../../flow/user.ts'
import { matchAccount } from './match-account.ts'
import type { UsableSource } from './usable-source.ts'

type Context = StageContext<{ readonly resumeOnMatchFailures: readonly string[] }, unknown>

/** How the flow goes on for somebody whom the source has vouched for. */
export async function welcome(context: Context, source: UsableSource, identity: SourceIdentity): Promise<Verdict<never, never>> {
  const match = await matchAccount(context, source, identity)
  switch (match.type) {
    case 'account':
      return knownPerson(context, source, identity, match.user, match.isNew)
    case 'nobody':
      return newPerson(context, source, identity)
    case 'refused':
      return deny(`Signing in with ${source.name} was refused. Please sign in the way you did before.`)
    case 'missing_property':
      if (!context.config.resumeOnMatchFailures.includes(match.type))
        return deny(`${source.name} told too little about you to sign you in.`)
      return advance({
        context: {
          ...told(context, source, identity),
          'goauthentik.io/sources/match_failure': { reason: match.type, property: match.property, source: source.config.slug },
        },
      })
  }
}

function knownPerson(context: Context, source: UsableSource, identity: SourceIdentity, user: User, isNew: boolean) {
  const claimed = context.plan.context.pending_user
  // The flow is about somebody else already: what it has asked of them says nothing about this person.
  if (claimed && !(claimed.known && claimed.id === user.id)) return deny('This is not the account that you are signing in to.')
  if (!user.isActive) return deny()
  return advance({
    pendingUser: user,
    context: {
      ...told(context, source, identity),
      ...connection(source, identity),
      pending_user: { known: true, id: user.id, backend: inbuiltBackend },
      user_backend: inbuiltBackend,
      auth_method: context.plan.context.auth_method ?? 'source',
      auth_method_args: { ...objectOf(context.plan.context.auth_method_args), source: source.config.slug },
    },
    effects: isNew ? linking(source, identity, user) : [],
  })
}

/** Nobody of ours: a stage that writes accounts makes one, and connects it with the source. */
function newPerson(context: Context, source: UsableSource, identity: SourceIdentity) {
  if (context.plan.context.pending_user) return deny('This is not the account that you are signing in to.')
  const { slug, enrollmentFlow, userPathTemplate } = source.config
  const changes = {
    context: {
      ...told(context, source, identity),
      ...connection(source, identity),
      user_path: userPathTemplate.replaceAll('%(slug)s', slug),
    },
  }
  const enrollment = enrollmentFlow === null ? undefined : context.services.flows.slugOf(enrollmentFlow)
  if (enrollment === undefined || enrollment === context.flow.slug) return advance(changes)
  return switchFlow(enrollment, true, changes)
}

/** What policies and later stages may know. */
function told({ plan }: Context, source: UsableSource, { username: known, name, email }: SourceIdentity): JsonObject {
  const username = known ?? email
  return {
    is_sso: true,
    source: named(source),
    prompt_data: {
      ...objectOf(plan.context.prompt_data),
      ...(username !== undefined && { username }),
      ...(name !== undefined && { name }),
      ...(email !== undefined && { email }),
    },
  }
}

/** All that connects the account with the source: `user_write` does so for one that it makes. */
function connection(source: UsableSource, { identifier, emailVerified }: SourceIdentity): JsonObject {
  return { 'goauthentik.io/sources/connection': { source: named(source), identifier, emailVerified } }
}

function named({ id, name, config: { slug } }: UsableSource): JsonObject {
  return { id, name, slug }
}

function linking(source: UsableSource, { identifier }: SourceIdentity, { id: userId, username }: User): readonly Effect[] {
  return [
    { type: 'connect_source', connection: { source: source.id, identifier, userId } },
    { type: 'audit', event: { action: 'source_linked', userId, username, context: { source: source.config.slug } } },
  ]
}

function objectOf(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {}
}
