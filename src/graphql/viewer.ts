import { GraphQLError } from 'graphql'
import { type User, userTypes } from '../flow/user.ts'
import type { Builder, SessionView } from './builder.ts'
import { enumOf, type StepTypes } from './step-types.ts'

interface Viewer {
  readonly user: User
  readonly sessionId: string
}

/** Who is signed in, and what they may do about their sessions. */
export function addViewer(builder: Builder, { shapes }: StepTypes): void {
  const userType = shapes.enum(
    enumOf('UserType', 'What sort of account it is.', userTypes, {
      internal: 'Somebody of the organisation.',
      external: 'A customer or guest.',
      service_account: 'A program.',
      internal_service_account: 'A program of the server itself.',
    }),
  )
  const user = builder.objectRef<User>('User').implement({
    description: 'An account.',
    fields: (t) => ({
      id: t.id({ description: 'Names the account for good.', resolve: ({ uuid }) => uuid }),
      username: t.exposeString('username', { description: 'The name to sign in with.' }),
      name: t.exposeString('name', { description: 'The name to be called by; may be empty.' }),
      email: t.exposeString('email', { description: 'The e-mail address; may be empty.' }),
      type: t.field({ type: userType, description: 'What sort of account it is.', resolve: ({ type }) => type }),
    }),
  })
  const session = builder.objectRef<SessionView & { readonly current: boolean }>('Session').implement({
    description: 'A browser or program that is signed in.',
    fields: (t) => ({
      id: t.exposeID('id', { description: 'Names the session, and does not let anybody in.' }),
      current: t.exposeBoolean('current', { description: 'Whether it is the one that asks.' }),
      clientIp: t.exposeString('clientIp', { description: 'The address that it was opened from.' }),
      userAgent: t.exposeString('userAgent', { description: 'What the browser said it is.' }),
      authMethod: t.string({
        nullable: true,
        description: 'How the person proved who they are: `password` ...',
        resolve: ({ authMethod }) => authMethod ?? null,
      }),
      createdAt: t.field({
        type: 'DateTime',
        description: 'When the browser was first seen.',
        resolve: ({ createdAt }) => createdAt,
      }),
      lastSeenAt: t.field({
        type: 'DateTime',
        description: 'When it was last seen, to the minute.',
        resolve: ({ lastSeenAt }) => lastSeenAt,
      }),
      expiresAt: t.field({ type: 'DateTime', description: 'When it ends at the latest.', resolve: ({ expiresAt }) => expiresAt }),
    }),
  })
  const viewer = builder.objectRef<Viewer>('Viewer').implement({
    description: 'Whoever is signed in.',
    fields: (t) => ({
      user: t.field({ type: user, description: 'Their account.', resolve: ({ user: own }) => own }),
      sessions: t.field({
        type: [session],
        description: 'Where they are signed in, the session used last first.',
        resolve: async ({ user: own, sessionId }, _, { services }) =>
          (await services.sessions.list(own.id)).map((listed) => ({ ...listed, current: listed.id === sessionId })),
      }),
    }),
  })

  builder.queryField('viewer', (t) =>
    t.field({
      type: viewer,
      nullable: true,
      description: 'Whoever is signed in; null when nobody is.',
      resolve: async (_, __, { services, caller }) => {
        const current = await services.sessions.current(caller.visitor)
        return current ? { user: current.user, sessionId: current.session.id } : null
      },
    }),
  )
  builder.mutationField('revokeSession', (t) =>
    t.boolean({
      description:
        "Ends one of the viewer's own sessions at once, with all that runs in it. False when they have no such session.",
      args: { id: t.arg.id({ required: true, description: 'The session.' }) },
      resolve: async (_, { id }, { services, caller }) => {
        const current = await services.sessions.current(caller.visitor)
        if (!current) throw new GraphQLError('Sign in first.', { extensions: { code: 'UNAUTHENTICATED' } })
        return services.sessions.revoke(id, current.user.id)
      },
    }),
  )
}
