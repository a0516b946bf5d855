import { canonicalJson } from './canonical-json.ts'
import { ExecutionExpiredError, ExecutionNotFoundError } from './errors.ts'
import type { Execution } from './execution.ts'
import type { EngineDependencies, Opened } from './ports.ts'
import type { Reply } from './request.ts'
import { type Run, storedRun, waitsStill } from './run.ts'
import type { IssuedHandle, Visitor } from './session.ts'
import type { FlowStep } from './step.ts'
import { stepOf } from './step-of.ts'

/** Takes executions out of the store as runs, and puts runs back: by compare-and-swap, and told to whoever listens. */
export class Runs {
  private readonly deps: EngineDependencies

  constructor(deps: EngineDependencies) {
    this.deps = deps
  }

  /** An execution of the visitor's session that has not run out. */
  async open(visitor: Visitor, id: string): Promise<Opened & { execution: Execution }> {
    if (!idForm.test(id)) throw new ExecutionNotFoundError()
    const opened = await this.deps.store.open(visitor.session, { type: 'id', id })
    const { execution, session, reissue } = opened
    // A handle from before a rotation may ask for a stored reply again, and for nothing else.
    if (!execution || (!session && !reissue)) throw new ExecutionNotFoundError()
    if (execution.expiresAt <= this.deps.now()) throw new ExecutionExpiredError()
    return { ...opened, execution }
  }

  /** The run of a stored execution, on the definition it was planned with. */
  async of(visitor: Visitor, opened: Opened, execution: Execution): Promise<Run> {
    const [configuration, definition] = await Promise.all([
      this.deps.configurations.at(opened.revision),
      this.deps.configurations.pinned(execution.definitionId),
    ])
    return storedRun({ visitor, opened, configuration, definition, execution })
  }

  /** Writes a run; undefined when the execution was changed meanwhile. */
  async write(run: Run): Promise<Omit<Reply, 'stagesLeft'> | undefined> {
    const now = this.deps.now()
    const execution: Execution = {
      id: run.id,
      flowSlug: run.definition.flow.slug,
      definitionId: run.definition.id,
      sequence: (run.stored?.sequence ?? 0) + 1,
      stepToken: this.deps.randomToken(),
      status: run.status,
      plan: run.plan,
      shown: run.shown,
      states: run.states,
      secrets: run.secrets,
      lastAnswer: run.lastAnswer,
      checkpoints: run.checkpoints,
      restKey: run.restKey,
      delivered: run.delivered,
      createdAt: run.stored?.createdAt ?? now,
      updatedAt: now,
      expiresAt: new Date(now.getTime() + this.deps.executionTtl * 1000),
    }
    const { session, definition, effects, visitor, replaces } = run
    const after = run.stored?.sequence
    const step = stepOf(execution, definition, run, now)
    const written = await this.deps.store.write({ execution, step, after, replaces, session, definition, effects, visitor })
    if (!written.saved) return undefined
    this.deps.events.publish({ executionId: execution.id, sequence: execution.sequence })
    await this.tellOthers(run)
    const { sessionId, issued } = written
    this.attend(run, sessionId)
    const remembered = effects.filter((effect) => effect.type === 'remember_device')
    return { step, issued, remembered, sessionId }
  }

  /** The step that stands in the store. */
  stepOf(run: Run): FlowStep {
    if (!run.stored) throw new Error('Only a stored run has a step.')
    return stepOf(run.stored, run.definition, run, this.deps.now())
  }

  /** The stored reply. The handle it once carried comes again with it. */
  repeated(run: Run, reissue: IssuedHandle | undefined): Reply {
    if (!run.session) throw new ExecutionNotFoundError()
    this.attend(run, run.session.id)
    return {
      step: this.stepOf(run),
      issued: reissue,
      remembered: [],
      sessionId: run.session.id,
      stagesLeft: run.lastAnswer?.stagesLeft ?? false,
    }
  }

  /** Somebody wants to know what comes of it. Clients written for authentik ask again themselves, or are held. */
  attend(run: Run, sessionId: string): void {
    const { shown, visitor, restKey, unattended } = run
    if (unattended || restKey !== undefined || !shown.waiting || !waitsStill(run, this.deps.now())) return
    this.deps.waits({ executionId: run.id, sessionId, visitor, until: new Date(shown.waiting.until) })
  }

  digest(executionId: string, answer: unknown): string {
    return this.deps.mac('answer', `${executionId} ${canonicalJson(answer)}`)
  }

  /** What a write means to more than its own execution. */
  private async tellOthers({ effects }: Run): Promise<void> {
    if (effects.some(({ type }) => type === 'send_mail' || type === 'send_sms')) this.deps.messageQueued()
    for (const effect of effects) {
      if (effect.type !== 'use_flow_token') continue
      const token = await this.deps.store.flowToken(effect.hash)
      // Whoever had the link mailed waits for this.
      if (token?.issuedBy !== undefined) this.deps.events.publish({ executionId: token.issuedBy, sequence: 0 })
    }
  }
}

/** What an id of ours may look like: anything else need not be looked up. */
const idForm = /^[\w-]{1,64}$/
