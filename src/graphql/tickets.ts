import { GraphQLError } from 'graphql'
import type { Builder } from './builder.ts'

/** What lets clients into a socket that can send no cookie with it. */
export function addTickets(builder: Builder): void {
  const ticket = builder.objectRef<{ readonly ticket: string; readonly expiresAt: Date }>('SubscriptionTicket').implement({
    description: 'Opens one socket, once.',
    fields: (t) => ({
      ticket: t.exposeString('ticket', {
        description:
          'Send it as `{ "ticket": "..." }` in the payload of `connection_init`, and nowhere else: never in an address.',
      }),
      expiresAt: t.field({
        type: 'DateTime',
        description: 'When it is good for nothing any more.',
        resolve: ({ expiresAt }) => expiresAt,
      }),
    }),
  })
  builder.mutationField('createSubscriptionTicket', (t) =>
    t.field({
      type: ticket,
      description:
        'A ticket for a socket that belongs to the session of this request, for clients that can send neither its cookie nor its header there. Without a session: an error with the code SESSION_REQUIRED.',
      resolve: async (_, __, { services, caller }) => {
        const { session } = caller.visitor
        if (session.type !== 'handle' || !(await services.sessions.find(session)))
          throw new GraphQLError('Start a flow first: there is no session.', { extensions: { code: 'SESSION_REQUIRED' } })
        return services.tickets.issue(session.handle)
      },
    }),
  )
}
