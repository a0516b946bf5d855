import { canonicalJson } from './canonical-json.ts'
import {
  ActionNotAllowedError,
  ExecutionExpiredError,
  ExecutionNotFoundError,
  FlowNotFoundError,
  ServiceUnavailableError,
  StaleStepError,
  UnexpectedResponseError,
} from './errors.ts'
import type { Execution } from './execution.ts'
import { FlowDirectory } from './flow-directory.ts'
import { Judge, type Judged } from './judge.ts'
import { restoredRun, withoutFlowToken } from './mailed-link.ts'
import { isSafeNextPath } from './next-path.ts'
import { newPlan, type PlanContext } from './plan.ts'
import type { Planned } from './planner.ts'
import type { EngineDependencies, Opened } from './ports.ts'
import type { StageRegistry } from './registry.ts'
import type { Answer, Reply, StartRequest } from './request.ts'
import { activeBinding, newRun, type Run, storedRun } from './run.ts'
import type { IssuedHandle, Visitor } from './session.ts'
import type { ActionType, FlowStep } from './step.ts'
import { stepOf } from './step-of.ts'
import type { User } from './user.ts'
import { finalRedirect, Walker } from './walker.ts'

/** A change to one step of one execution: who asks for it, a digest to know it by when it comes again, and what it does. */
interface Change {
  readonly visitor: Visitor
  readonly executionId: string
  readonly stepToken: string
  readonly digest: string
  readonly work: (run: Run) => Promise<Judged>
}

/** One engine, every face: starts executions, shows them, and judges what clients answer. */
export class FlowExecutor {
  protected readonly deps: EngineDependencies
  protected readonly stages: StageRegistry
  protected readonly walker: Walker
  protected readonly judge: Judge
  /** Which flows there are, and which one serves a purpose. */
  readonly flows: FlowDirectory

  constructor(deps: EngineDependencies, stages: StageRegistry) {
    this.deps = deps
    this.stages = stages
    this.walker = new Walker(deps, stages)
    this.judge = new Judge(deps, this.walker)
    this.flows = new FlowDirectory(deps, this.walker.planner)
  }

  async start(request: StartRequest, tries = 1): Promise<Reply> {
    const opened = await this.deps.store.open(request.visitor.session, { type: 'none' })
    const begun = await this.begin(await this.enter(request, opened))
    if (begun) return begun
    // Something that its first stages rest on was changed meanwhile, such as an invitation that is good for one use.
    if (tries >= mostTries) throw new ServiceUnavailableError(1)
    return this.start(request, tries + 1)
  }

  /** Shows what stands. Policies are asked again, so that this may lead past a stage. */
  async current(visitor: Visitor, executionId: string): Promise<Reply> {
    const opened = await this.open(visitor, executionId)
    if (opened.reissue) throw new ExecutionNotFoundError()
    const run = await this.runOf(visitor, opened, opened.execution)
    return this.shown(run.status === 'active' ? await this.walker.walk(run, run.shown.errors) : run)
  }

  /** What is stored, for listeners: a socket could not carry the session handle that going on may issue. */
  async peek(visitor: Visitor, executionId: string): Promise<Pick<Reply, 'step' | 'sessionId'>> {
    const opened = await this.open(visitor, executionId)
    if (opened.reissue || !opened.session) throw new ExecutionNotFoundError()
    return { step: this.stepOfRun(await this.runOf(visitor, opened, opened.execution)), sessionId: opened.session.id }
  }

  /** Judges an answer. The same answer to the same step again has no second effect and gets the same reply. */
  async respond({ visitor, executionId, stepToken, kind, response }: Answer): Promise<Reply> {
    const digest = this.digest(executionId, { kind, response })
    const work = async (run: Run): Promise<Judged> => {
      this.mustOffer(run, 'submit')
      const before = activeBinding(run)
      const evaluated = await this.walker.reEvaluate(run)
      const active = activeBinding(evaluated)
      // The stage that this answers was left out meanwhile: the answer has nothing to pass.
      if (!active || active.id !== before?.id) return { run: await this.walker.walk(evaluated), stagesLeft: true }
      const expected = this.walker.kindOf(run, active).kind
      if (expected !== kind) throw new UnexpectedResponseError(this.stepOfRun(run), expected)
      return this.judge.answer(evaluated, active, response)
    }
    return this.change({ visitor, executionId, stepToken, digest, work })
  }

  /** Does one of the things that a step offers beside its response: submitting needs one. */
  async perform(visitor: Visitor, executionId: string, stepToken: string, action: ActionType): Promise<Reply> {
    const digest = this.digest(executionId, { action })
    const work = async (run: Run): Promise<Judged> => {
      this.mustOffer(run, action)
      if (action === 'submit') throw new ActionNotAllowedError(this.stepOfRun(run))
      if (action === 'restart') return { run: await this.walker.restart(run, false), stagesLeft: true }
      const { next } = run.plan.query
      const challenge = finalRedirect(next !== undefined && isSafeNextPath(next) ? next : '/')
      return { run: this.walker.end(run, 'cancelled', challenge), stagesLeft: false }
    }
    return this.change({ visitor, executionId, stepToken, digest, work })
  }

  /** A flow's first step, or the step that refuses it; where a mailed link leads, the step that it restores. */
  protected async enter(request: StartRequest, opened: Opened): Promise<Run> {
    const restored = await restoredRun(this.deps, this.walker, request, opened)
    if (restored) return restored
    const { run, planned } = await this.plan(request, opened)
    return this.walker.enter(run, planned)
  }

  /** Plans a flow about nobody yet, or about a user: the one that is given, or whoever sets something up. */
  protected async plan(
    request: StartRequest,
    opened: Opened,
    given?: User,
    known: PlanContext = {},
  ): Promise<{ run: Run; planned: Planned }> {
    const { visitor, flow } = request
    const query = withoutFlowToken(request.query)
    const configuration = await this.deps.configurations.at(opened.revision)
    const live = await this.flows.find(flow, visitor, opened, configuration)
    if (!live) throw new FlowNotFoundError()
    const about = given ?? ('configures' in flow ? opened.sessionUser : undefined)
    const context: PlanContext = about ? { ...known, pending_user: { known: true, id: about.id } } : known
    const denialNext = 'denialNext' in request ? request.denialNext : query.next
    const { definition } = live
    const run = newRun({
      id: this.deps.randomToken(),
      visitor,
      opened,
      configuration,
      definition,
      pendingUser: about,
      plan: newPlan([], context, query),
      denialNext,
    })
    return { run, planned: await this.walker.planner.plan({ ...run, live, context, query }) }
  }

  /** Writes a run that has just begun; undefined when its address was taken meanwhile. */
  protected async begin(run: Run, stagesLeft = false): Promise<Reply | undefined> {
    const written = await this.write(run)
    return written && { ...written, stagesLeft }
  }

  /** The run of a stored execution, on the definition it was planned with. */
  protected async runOf(visitor: Visitor, opened: Opened, execution: Execution): Promise<Run> {
    const [configuration, definition] = await Promise.all([
      this.deps.configurations.at(opened.revision),
      this.deps.configurations.pinned(execution.definitionId),
    ])
    return storedRun({ visitor, opened, configuration, definition, execution })
  }

  /** The reply for a run that was only looked at: written if looking changed it. */
  protected async shown(run: Run): Promise<Reply> {
    if (!run.stored || !run.session) throw new Error('Only a stored run can be shown.')
    const failed = run.status === 'active' && run.shown.challenge.kind === 'flow_error'
    if (failed || !this.differs(run, run.stored)) {
      return {
        step: stepOf({ ...run.stored, shown: run.shown }, run.definition, run),
        issued: undefined,
        remembered: [],
        sessionId: run.session.id,
        stagesLeft: false,
      }
    }
    const written = await this.write(run)
    return written ? { ...written, stagesLeft: false } : this.overtaken(run.visitor, run.stored.id)
  }

  /** Writes a run; undefined when the execution was changed meanwhile. */
  protected async write(run: Run): Promise<Omit<Reply, 'stagesLeft'> | undefined> {
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
      restKey: run.restKey,
      delivered: run.delivered,
      createdAt: run.stored?.createdAt ?? now,
      updatedAt: now,
      expiresAt: new Date(now.getTime() + this.deps.executionTtl * 1000),
    }
    const { session, definition, effects, visitor, replaces } = run
    const after = run.stored?.sequence
    const written = await this.deps.store.write({ execution, after, replaces, session, definition, effects, visitor })
    if (!written.saved) return undefined
    this.deps.events.publish({ executionId: execution.id, sequence: execution.sequence })
    if (effects.some(({ type }) => type === 'send_mail')) this.deps.mailQueued()
    const remembered = effects.filter((effect) => effect.type === 'remember_device')
    return { step: stepOf(execution, definition, run), issued: written.issued, remembered, sessionId: written.sessionId }
  }

  /** An execution of the visitor's session that has not run out. */
  protected async open(visitor: Visitor, id: string): Promise<Opened & { execution: Execution }> {
    if (!idForm.test(id)) throw new ExecutionNotFoundError()
    const opened = await this.deps.store.open(visitor.session, { type: 'id', id })
    const { execution, session, reissue } = opened
    // A handle from before a rotation may ask for a stored reply again, and for nothing else.
    if (!execution || (!session && !reissue)) throw new ExecutionNotFoundError()
    if (execution.expiresAt <= this.deps.now()) throw new ExecutionExpiredError()
    return { ...opened, execution }
  }

  protected digest(executionId: string, answer: unknown): string {
    return this.deps.mac('answer', `${executionId} ${canonicalJson(answer)}`)
  }

  protected stepOfRun(run: Run): FlowStep {
    if (!run.stored) throw new Error('Only a stored run has a step.')
    return stepOf(run.stored, run.definition, run)
  }

  private mustOffer(run: Run, action: ActionType): void {
    const step = this.stepOfRun(run)
    if (!step.actions.some(({ type, enabled }) => type === action && enabled)) throw new ActionNotAllowedError(step)
  }

  /** One effect for one answer: repeats get the stored reply, late ones are told what stands. */
  private async change(change: Change, tries = 1): Promise<Reply> {
    const opened = await this.open(change.visitor, change.executionId)
    const { execution, reissue } = opened
    const run = await this.runOf(change.visitor, opened, execution)
    if (this.isLastAnswer(execution, change)) return this.repeated(run, reissue)
    if (reissue) throw new ExecutionNotFoundError()
    if (!this.deps.sameText(execution.stepToken, change.stepToken)) throw new StaleStepError(this.stepOfRun(run))
    if (execution.status !== 'active') throw new UnexpectedResponseError(this.stepOfRun(run), undefined)

    const { run: changed, stagesLeft } = await change.work(run)
    if (changed.shown.challenge.kind === 'flow_error' && changed.plan === run.plan) return this.shown(changed)
    const { stepToken, digest } = change
    const lastAnswer = { stepToken, digest, at: this.deps.now().getTime(), stagesLeft, ambiguous: true }
    const written = await this.write({ ...changed, lastAnswer })
    return written ? { ...written, stagesLeft } : this.late(change, tries)
  }

  /** Another answer came first: the same one, or one that left this without a step to be for. */
  private async late(change: Change, tries: number): Promise<Reply> {
    const opened = await this.open(change.visitor, change.executionId)
    // Not this execution was changed meanwhile, but something that the answer rests on: it is judged again.
    if (this.deps.sameText(opened.execution.stepToken, change.stepToken)) {
      if (tries >= mostTries) throw new ServiceUnavailableError(1)
      return this.change(change, tries + 1)
    }
    const run = await this.runOf(change.visitor, opened, opened.execution)
    if (this.isLastAnswer(opened.execution, change)) return this.repeated(run, opened.reissue)
    throw new StaleStepError(this.stepOfRun(run))
  }

  /** Somebody was faster than a look: what they left is what stands, and theirs is the handle it goes on with. */
  private async overtaken(visitor: Visitor, id: string): Promise<Reply> {
    const opened = await this.open(visitor, id)
    if (!opened.reissue) return this.current(visitor, id)
    return { ...this.repeated(await this.runOf(visitor, opened, opened.execution), opened.reissue), stagesLeft: false }
  }

  private isLastAnswer({ lastAnswer: last }: Execution, { stepToken, digest }: Change): boolean {
    return last !== undefined && this.deps.sameText(last.stepToken, stepToken) && this.deps.sameText(last.digest, digest)
  }

  /** The stored reply. The handle it once carried comes again with it. */
  protected repeated(run: Run, reissue: IssuedHandle | undefined): Reply {
    if (!run.session) throw new ExecutionNotFoundError()
    return {
      step: this.stepOfRun(run),
      issued: reissue,
      remembered: [],
      sessionId: run.session.id,
      stagesLeft: run.lastAnswer?.stagesLeft ?? false,
    }
  }

  private differs(run: Run, stored: Execution): boolean {
    if (run.plan !== stored.plan || run.delivered !== stored.delivered || run.lastAnswer !== stored.lastAnswer) return true
    const moving = ({ shown, states, secrets, status }: Run | Execution) => canonicalJson([shown, states, secrets, status])
    return moving(run) !== moving(stored)
  }
}

/** How often an answer is judged again because something that it rests on was changed meanwhile. */
export const mostTries = 5

/** What an id of ours may look like: anything else need not be looked up. */
const idForm = /^[\w-]{1,64}$/
