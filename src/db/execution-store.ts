import { equalsInConstantTime, sha256Hex } from '../credentials/random.ts'
import type { SecretBox } from '../credentials/secret-box.ts'
import type { AuditEvent, Effect, SignIn } from '../flow/effects.ts'
import type { FlowToken } from '../flow/execution.ts'
import type { ExecutionSelector, ExecutionStore, ExecutionWrite, Opened, PastStep } from '../flow/ports.ts'
import type { IssuedHandle, SessionKey, Visitor } from '../flow/session.ts'
import { accountChangeStatements, newAccountStatements } from './account-statements.ts'
import { accountStatements, authenticatorStatements, eventStatement, guardsOf, ownershipStatements } from './effect-statements.ts'
import {
  cancelAddressed,
  insertDefinition,
  insertExecution,
  makeRoom,
  selectAddressed,
  selectRevision,
  selects,
  takePlace,
  touch,
  updateExecution,
} from './execution-sql.ts'
import { readStep, selectSteps, stepStatements } from './execution-steps.ts'
import { flowTokenStatement, readFlowToken, selectFlowToken } from './flow-tokens.ts'
import { messageOf, messageStatement } from './message-queue.ts'
import { readExecution, readSession, readUser, type StoredSession, sealExecution } from './rows.ts'
import { handleAfter, rotationGrace, SessionChange, type SessionLifetimes } from './session-change.ts'
import { type SqlDatabase, type Statement, writeDate } from './sql.ts'

/** How often a session's last use is noted (milliseconds). */
const touchEvery = 60_000

/** Executions and sessions by hand-written SQL: a step is one read and one write. */
export class SqlExecutionStore implements ExecutionStore {
  private readonly sql: SqlDatabase
  private readonly box: SecretBox
  private readonly now: () => Date
  private readonly sessions: SessionChange
  /** Definitions that are known to be stored. Bounded by what operators edit while the server runs. */
  private readonly storedDefinitions = new Set<string>()

  constructor(sql: SqlDatabase, box: SecretBox, lifetimes: SessionLifetimes, now: () => Date) {
    this.sql = sql
    this.box = box
    this.now = now
    this.sessions = new SessionChange(box, lifetimes)
  }

  async open(key: SessionKey, which: ExecutionSelector): Promise<Opened> {
    const nobody = {
      session: undefined,
      sessionUser: undefined,
      execution: undefined,
      pendingUser: undefined,
      reissue: undefined,
    }
    if (key.type === 'none') {
      const [row] = await this.sql.rows({ text: selectRevision, values: [] })
      return { ...nobody, revision: Number(row?.revision) }
    }
    const wanted = which.type === 'id' ? which.id : which.type === 'rest' ? which.slug : ''
    const keyText = key.type === 'handle' ? sha256Hex(key.handle) : key.id
    const [row] = await this.sql.rows({ text: selects[key.type][which.type], values: [keyText, wanted] })
    const revision = Number(row?.revision)
    const session = row && readSession(row, 's')
    const sessionUser = row && readUser(row, 'u')
    if (!session || this.hasEnded(session) || (sessionUser && !sessionUser.isActive)) return { ...nobody, revision }

    const reissue = key.type === 'handle' ? this.reissue(session, key.handle) : undefined
    if (reissue === 'too late') return { ...nobody, revision }
    // What the server looks at by itself is no use that somebody makes of their session.
    if (key.type === 'handle') await this.note(session)
    return {
      revision,
      session,
      sessionUser,
      execution: readExecution(row, 'e', this.box),
      pendingUser: readUser(row, 'p'),
      reissue,
    }
  }

  async write(change: ExecutionWrite): Promise<{ saved: boolean; issued?: IssuedHandle; sessionId: string }> {
    const now = this.now()
    const { visitor, effects } = change
    const ownership = effects.filter((effect) => effect.type === 'sign_in' || effect.type === 'sign_out')
    const renews = effects.some(({ type }) => type === 'renew_session') && change.session?.userId === undefined
    const signIn = ownership.at(-1)?.type === 'sign_in' ? (ownership.at(-1) as SignIn) : undefined
    const created = change.session ? undefined : this.sessions.create(visitor, signIn, now)
    const sessionId = change.session?.id ?? created?.id ?? ''
    const rotated =
      change.session && (ownership.length > 0 || renews) ? this.sessions.rotate(change.session, visitor, signIn, now) : undefined

    const { id, restKey = '', flowSlug } = change.execution
    const makesRoom = change.session && change.after === undefined
    const takesPlace = change.after !== undefined && restKey !== '' && restKey !== flowSlug
    const accounts = newAccountStatements(effects, now)
    const before = [...accounts, ...(created ? [created.statement] : []), ...this.definitionStatements(change, now)]
    // An account takes its authenticators with it: what was proved with one of them is written before.
    const proofs = [...authenticatorStatements(effects, this.box, now), ...accountChangeStatements(effects, sessionId, now)]
    const statements: Statement[] = [
      ...before,
      this.executionStatement(change, sessionId),
      ...stepStatements(change, this.box),
      // A slug names one execution of a session, whichever flow that was started with.
      ...(makesRoom ? [{ text: makeRoom, values: [sessionId, restKey, restKey && flowSlug, id] }] : []),
      ...(takesPlace ? [{ text: takePlace, values: [sessionId, id, flowSlug] }] : []),
      ...(rotated ? [rotated.statement] : []),
      ...(ownership.length > 0 ? ownershipStatements(change, sessionId, signIn, now) : []),
      ...accountStatements(effects, signIn, now),
      ...effects.flatMap((effect) => this.sideStatements(effect, change, now)),
      ...proofs,
    ]
    const saved = await this.sql.write(
      statements,
      ...guardsOf(accounts, 0),
      before.length,
      ...guardsOf(proofs, statements.length - proofs.length),
    )
    if (saved) this.storedDefinitions.add(change.definition.id)
    const issued = created?.issued ?? rotated?.issued
    return { saved, sessionId, ...(saved && issued && { issued }) }
  }

  /** Ends what authentik's clients of a session have under way, whatever the flow. */
  async cancelAddressed(key: SessionKey): Promise<void> {
    const { session, reissue } = await this.open(key, { type: 'none' })
    if (session && !reissue) await this.sql.write([{ text: cancelAddressed, values: [session.id, writeDate(this.now())] }])
  }

  /** Writes an entry of the audit trail that no execution carries. */
  async record(event: AuditEvent, visitor: Pick<Visitor, 'clientIp' | 'requestId'>): Promise<void> {
    await this.sql.write([eventStatement(event, visitor, this.now())])
  }

  async stepsBetween(executionId: string, after: number, before: number): Promise<readonly PastStep[]> {
    const rows = await this.sql.rows({ text: selectSteps, values: [executionId, after, before] })
    return rows.map((row) => readStep(row, this.box)).reverse()
  }

  async addressed(key: SessionKey): Promise<readonly string[]> {
    const { session, reissue } = await this.open(key, { type: 'none' })
    if (!session || reissue) return []
    const rows = await this.sql.rows({ text: selectAddressed, values: [session.id, writeDate(this.now())] })
    return rows.map(({ id }) => String(id))
  }

  async flowToken(hash: string): Promise<FlowToken | undefined> {
    const [row] = await this.sql.rows({ text: selectFlowToken, values: [hash, writeDate(this.now())] })
    return row && readFlowToken(row, this.box)
  }

  /** What is written besides, and rests on nothing that could have changed. */
  private sideStatements(effect: Effect, { execution, visitor }: ExecutionWrite, now: Date): readonly Statement[] {
    switch (effect.type) {
      case 'audit':
        return [eventStatement(effect.event, visitor, now)]
      case 'send_mail':
      case 'send_sms': {
        const { messageId } = effect
        const told = messageId === undefined ? undefined : { messageId, executionId: execution.id }
        return [messageStatement(messageOf(effect), this.box, now, told)]
      }
      case 'issue_flow_token':
        return [flowTokenStatement(effect, execution, this.box, now)]
      default:
        return []
    }
  }

  private hasEnded({ expiresAt, lastSeenAt, idleSeconds }: StoredSession): boolean {
    const now = this.now().getTime()
    return expiresAt.getTime() <= now || (idleSeconds !== undefined && lastSeenAt.getTime() + idleSeconds * 1000 <= now)
  }

  /** The current handle, for who comes with the one before it while a lost reply may still be asked for. */
  private reissue(session: StoredSession, handle: string): IssuedHandle | 'too late' | undefined {
    if (equalsInConstantTime(session.handleHash, sha256Hex(handle))) return undefined
    const { rotationNonce, rotatedAt } = session
    if (!rotationNonce || !rotatedAt || this.now().getTime() - rotatedAt.getTime() > rotationGrace) return 'too late'
    const current = handleAfter(handle, rotationNonce, session.userId !== undefined, this.box)
    if (!equalsInConstantTime(session.handleHash, sha256Hex(current))) return 'too late'
    const left = Math.floor((session.expiresAt.getTime() - this.now().getTime()) / 1000)
    return { handle: current, maxAge: session.persistent ? left : undefined }
  }

  private async note({ id, lastSeenAt }: StoredSession): Promise<void> {
    const now = this.now()
    if (now.getTime() - lastSeenAt.getTime() < touchEvery) return
    await this.sql.write([{ text: touch, values: [id, writeDate(now)] }])
  }

  private definitionStatements({ definition }: ExecutionWrite, now: Date): Statement[] {
    if (this.storedDefinitions.has(definition.id)) return []
    const { id, ...content } = definition
    return [{ text: insertDefinition, values: [id, JSON.stringify(content), writeDate(now)] }]
  }

  private executionStatement({ execution, after, replaces }: ExecutionWrite, sessionId: string): Statement {
    const pending = execution.plan.context.pending_user
    const moving = [
      execution.flowSlug,
      execution.definitionId,
      execution.sequence,
      execution.stepToken,
      execution.status,
      pending?.known ? pending.id : null,
      JSON.stringify(execution.plan),
      sealExecution(execution, this.box),
      writeDate(execution.updatedAt),
      writeDate(execution.expiresAt),
    ]
    const restKey = execution.restKey ?? null
    if (after !== undefined) return { text: updateExecution, values: [execution.id, after, ...moving, restKey] }
    const values = [execution.id, sessionId, writeDate(execution.createdAt), ...moving, restKey]
    return { text: insertExecution, values: [...values, replaces?.id ?? '', replaces?.sequence ?? 0] }
  }
}
