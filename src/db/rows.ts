import type { SecretBox } from '../credentials/secret-box.ts'
import type { Execution } from '../flow/execution.ts'
import type { FlowPlan } from '../flow/plan.ts'
import type { Session } from '../flow/session.ts'
import type { ExecutionStatus } from '../flow/step.ts'
import type { User } from '../flow/user.ts'
import { type Row, readDate, readFlag, readJson, readJsonObject, readOptional } from './sql.ts'

const userFields = [
  'id',
  'uuid',
  'username',
  'name',
  'email',
  'isActive',
  'type',
  'path',
  'attributes',
  'passwordHash',
  'passwordChangedAt',
  'lastLoginAt',
  'createdAt',
] as const
const executionFields = [
  'id',
  'definitionId',
  'flowSlug',
  'sequence',
  'stepToken',
  'status',
  'plan',
  'sealed',
  'restKey',
  'createdAt',
  'updatedAt',
  'expiresAt',
] as const
const sessionFields = [
  'id',
  'handleHash',
  'previousHandleHash',
  'rotationNonce',
  'rotatedAt',
  'userId',
  'authMethod',
  'createdAt',
  'lastSeenAt',
  'idleSeconds',
  'expiresAt',
  'persistent',
] as const

function columns(table: string, fields: readonly string[]): string {
  return fields.map((field) => `${table}."${field}" AS "${table}_${field}"`).join(', ')
}

/** Select lists: each column is named after its table's alias. */
export const userColumns = (table: string) => columns(table, userFields)
export const executionColumns = (table: string) => columns(table, executionFields)
export const sessionColumns = (table: string) => columns(table, sessionFields)

/** A user from a row that selected `userColumns(table)`; undefined where the join found none. */
export function readUser(row: Row, table: string): User | undefined {
  const field = (name: (typeof userFields)[number]) => row[`${table}_${name}`]
  if (field('id') === null || field('id') === undefined) return undefined
  return {
    id: Number(field('id')),
    uuid: String(field('uuid')),
    username: String(field('username')),
    name: String(field('name')),
    email: String(field('email')),
    isActive: readFlag(field('isActive')),
    type: String(field('type')) as User['type'],
    path: String(field('path')),
    attributes: readJsonObject(field('attributes')),
    passwordHash: readOptional(field('passwordHash'), String),
    passwordChangedAt: readDate(field('passwordChangedAt')),
    lastLoginAt: readOptional(field('lastLoginAt'), readDate),
    createdAt: readDate(field('createdAt')),
  }
}

/** A session with what only the store needs to know. */
export interface StoredSession extends Session {
  readonly previousHandleHash: string | undefined
  readonly rotationNonce: string | undefined
  readonly rotatedAt: Date | undefined
  readonly idleSeconds: number | undefined
  readonly persistent: boolean
}

export function readSession(row: Row, table: string): StoredSession | undefined {
  const field = (name: (typeof sessionFields)[number]) => row[`${table}_${name}`]
  if (field('id') === null || field('id') === undefined) return undefined
  return {
    id: String(field('id')),
    handleHash: String(field('handleHash')),
    previousHandleHash: readOptional(field('previousHandleHash'), String),
    rotationNonce: readOptional(field('rotationNonce'), String),
    rotatedAt: readOptional(field('rotatedAt'), readDate),
    userId: readOptional(field('userId'), Number),
    authMethod: readOptional(field('authMethod'), String),
    createdAt: readDate(field('createdAt')),
    lastSeenAt: readDate(field('lastSeenAt')),
    idleSeconds: readOptional(field('idleSeconds'), Number),
    expiresAt: readDate(field('expiresAt')),
    persistent: readFlag(field('persistent')),
  }
}

/** What a row keeps sealed: what was shown may hold a secret, and so may what stages keep. */
type Sealed = Pick<Execution, 'shown' | 'states' | 'delivered'> & {
  readonly lastAnswer?: Execution['lastAnswer']
  readonly secrets?: Execution['secrets']
  readonly checkpoints?: Execution['checkpoints']
}

export function sealExecution(execution: Execution, box: SecretBox): string {
  const { shown, states, delivered, lastAnswer, secrets, checkpoints } = execution
  const hidden = { ...(Object.keys(secrets).length > 0 && { secrets }), ...(checkpoints.length > 0 && { checkpoints }) }
  const sealed: Sealed = { shown, states, delivered, ...(lastAnswer && { lastAnswer }), ...hidden }
  return box.seal(JSON.stringify(sealed), `execution ${execution.id}`)
}

export function readExecution(row: Row, table: string, box: SecretBox): Execution | undefined {
  const field = (name: (typeof executionFields)[number]) => row[`${table}_${name}`]
  if (field('id') === null || field('id') === undefined) return undefined
  const id = String(field('id'))
  const opened = JSON.parse(box.open(String(field('sealed')), `execution ${id}`)) as Sealed
  const { shown, states, delivered, lastAnswer, secrets = {}, checkpoints = [] } = opened
  return {
    id,
    flowSlug: String(field('flowSlug')),
    definitionId: String(field('definitionId')),
    sequence: Number(field('sequence')),
    stepToken: String(field('stepToken')),
    status: String(field('status')) as ExecutionStatus,
    plan: readJson(field('plan')) as FlowPlan,
    shown,
    states,
    secrets,
    checkpoints,
    delivered,
    lastAnswer,
    restKey: readOptional(field('restKey'), String),
    createdAt: readDate(field('createdAt')),
    updatedAt: readDate(field('updatedAt')),
    expiresAt: readDate(field('expiresAt')),
  }
}
