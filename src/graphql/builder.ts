import SchemaBuilder, { type EnumRef, type ObjectRef } from '@pothos/core'
import { GraphQLScalarType, Kind, type ValueNode } from 'graphql'
import type { FlowExecutor } from '../flow/executor.ts'
import type { WaitingExecution } from '../flow/ports.ts'
import type { SessionKey } from '../flow/session.ts'
import type { User } from '../flow/user.ts'
import type { RequestContext } from '../http/request-context.ts'
import type { ChangeListener } from '../operations/execution-bus.ts'
import type { SubscriptionTickets } from '../session/tickets.ts'
import type { SubscriptionLimits } from './subscription-limits.ts'

/** What the resolvers work with, once for the server. */
export interface GraphQLServices {
  readonly executor: FlowExecutor
  readonly sessions: SessionAccess
  /** For what no caller can do anything about. */
  readonly report: (error: unknown, requestId: string) => void
  /** Waits for changes of an execution; has begun to when it returns. */
  readonly listen: (executionId: string) => ChangeListener
  /** Makes this server ask about what an execution waits for, until whoever called leaves. */
  readonly attend: (waiting: Omit<WaitingExecution, 'until'>) => () => void
  readonly limits: SubscriptionLimits
  readonly tickets: SubscriptionTickets
}

/** The sessions of visitors, and a user's own. */
export interface SessionAccess {
  /** The session that a key names, whoever's it is; undefined when there is none, or it has ended. One read. */
  find(key: SessionKey): Promise<{ readonly id: string; readonly userId: number | undefined } | undefined>
  /** Who is signed in, and with which session. One read. */
  current(
    visitor: RequestContext['visitor'],
  ): Promise<{ readonly user: User; readonly session: { readonly id: string } } | undefined>
  list(userId: number): Promise<readonly SessionView[]>
  /** Ends a session of the user's, and at once all streams that show what ran in it; false when they have no such session. */
  revoke(id: string, userId: number): Promise<boolean>
}

/** A session as its owner sees it. */
export interface SessionView {
  readonly id: string
  readonly clientIp: string
  readonly userAgent: string
  readonly authMethod: string | undefined
  readonly createdAt: Date
  readonly lastSeenAt: Date
  readonly expiresAt: Date
}

/** What the resolvers of one operation work with. */
export interface GraphQLContext {
  readonly services: GraphQLServices
  readonly caller: RequestContext
  /** Where Yoga keeps the HTTP request itself. */
  readonly request?: Request
  /** The operation came through a socket, which counts for itself. */
  readonly bySocket?: boolean
}

interface SchemaTypes {
  Context: GraphQLContext
  Scalars: {
    ID: { Input: string; Output: string }
    DateTime: { Input: Date; Output: Date }
    JSON: { Input: unknown; Output: unknown }
  }
  DefaultFieldNullability: false
}

type Types = PothosSchemaTypes.ExtendDefaultTypes<SchemaTypes>
export type Builder = ReturnType<typeof createBuilder>
/** A type whose fields are resolved from values of this form. */
export type ObjectType<Source> = ObjectRef<Types, Source>
export type EnumType = EnumRef<Types, string>

/** A builder with the scalars that are not GraphQL's own. */
export function createBuilder() {
  const builder = new SchemaBuilder<SchemaTypes>({ defaultFieldNullability: false })
  builder.addScalarType('DateTime', dateTime)
  builder.addScalarType('JSON', json)
  return builder
}

const dateTime = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  description: 'An instant, as ISO 8601 writes it in UTC: `2026-01-31T08:30:00.000Z`.',
  serialize: (value) => (value instanceof Date ? value : new Date(String(value))).toISOString(),
  parseValue: readInstant,
  parseLiteral: (node) => readInstant(node.kind === Kind.STRING ? node.value : undefined),
})

const json = new GraphQLScalarType<unknown, unknown>({
  name: 'JSON',
  description: 'Any JSON value: what has no shape of its own because an administrator or a browser decides it.',
  parseValue: (value) => value,
  parseLiteral: readJsonLiteral,
})

function readInstant(value: unknown): Date {
  const instant = typeof value === 'string' ? new Date(value) : new Date(Number.NaN)
  if (Number.isNaN(instant.getTime())) throw new TypeError('Write an instant as in 2026-01-31T08:30:00Z.')
  return instant
}

function readJsonLiteral(node: ValueNode, variables?: Record<string, unknown> | null): unknown {
  switch (node.kind) {
    case Kind.OBJECT:
      return Object.fromEntries(node.fields.map((field) => [field.name.value, readJsonLiteral(field.value, variables)]))
    case Kind.LIST:
      return node.values.map((value) => readJsonLiteral(value, variables))
    case Kind.VARIABLE:
      return variables?.[node.name.value]
    case Kind.INT:
    case Kind.FLOAT:
      return Number(node.value)
    case Kind.NULL:
      return null
    default:
      return node.value
  }
}
