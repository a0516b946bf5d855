import { Actions } from './actions.ts'
import { canonicalJson } from './canonical-json.ts'
import {
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
import { newPlan, type PlanContext } from './plan.ts'
import type { Planned } from './planner.ts'
import type { EngineDependencies, Opened } from './ports.ts'
import type { StageRegistry } from './registry.ts'
import type { Answer, Reply, StartRequest } from './request.ts'
import { Resumer } from './resumer.ts'
import { activeBinding, hasLapsed, newRun, type Run } from './run.ts'
import { Runs } from './runs.ts'
import type { Session, Visitor } from './session.ts'
import type { ActionType, FlowStep } from './step.ts'
import { stepOf } from './step-of.ts'
import type { User } from './user.ts'
import { Walker } from './walker.ts'
import { withoutDeadEnds } from './way-back.ts'

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
  protected readonly runs: Runs
  private readonly actions: Actions
  /** Goes on with executions that wait. */
  readonly waits: Resumer
  /** Which flows there are, and which one serves a purpose. */
  readonly flows: FlowDirectory

  constructor(deps: EngineDependencies, stages: StageRegistry) {
    this.deps = deps
    this.stages = stages
    this.walker = new Walker(deps, stages)
    this.judge = new Judge(deps, this.walker)
    this.runs = new Runs(deps)
    const { runs, walker, judge } = this
    this.actions = new Actions(deps, { runs, walker, judge })
    this.waits = new Resumer(deps, { runs, walker, judge })
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
    const opened = await this.runs.open(visitor, executionId)
    if (opened.reissue) throw new ExecutionNotFoundError()
    const run = await this.runs.of(visitor, opened, opened.execution)
    if (run.status !== 'active') return this.shown(run)
    if (hasLapsed(run, this.deps.now())) return this.shown(await this.waits.lapsed(run))
    this.runs.attend(run, opened.session?.id ?? '')
    return this.shown(await this.walker.walk(run, run.shown.errors))
  }

  /** What is stored, for listeners: a socket could not carry the session handle that going on may issue. */
  async peek(visitor: Visitor, executionId: string): Promise<Pick<Reply, 'step' | 'sessionId'>> {
    const opened = await this.runs.open(visitor, executionId)
    if (opened.reissue || !opened.session) throw new ExecutionNotFoundError()
    return { step: this.runs.stepOf(await this.runs.of(visitor, opened, opened.execution)), sessionId: opened.session.id }
  }

  /**
   * The steps after one that is known, in order, the standing one last; from the standing one where none is known. Those that
   * are no longer kept are left out.
   */
  async since(visitor: Visitor, executionId: string, sequence: number | undefined): Promise<Steps> {
    const opened = await this.runs.open(visitor, executionId)
    const { execution, session, reissue } = opened
    if (reissue || !session) throw new ExecutionNotFoundError()
    const run = await this.runs.of(visitor, opened, execution)
    const missed = sequence !== undefined && execution.sequence > sequence + 1
    const past = missed ? await this.deps.store.stepsBetween(executionId, sequence, execution.sequence) : []
    const steps = past.map(async ({ definitionId, ...step }) => {
      const { flow } = await this.deps.configurations.pinned(definitionId)
      return { ...step, flow }
    })
    const standing = sequence !== undefined && execution.sequence <= sequence ? [] : [this.runs.stepOf(run)]
    return { steps: [...(await Promise.all(steps)), ...standing], standing: this.runs.stepOf(run), session }
  }

  /** Judges an answer. The same answer to the same step again has no second effect and gets the same reply. */
  async respond({ visitor, executionId, stepToken, kind, response }: Answer): Promise<Reply> {
    const digest = this.runs.digest(executionId, { kind, response })
    const work = async (run: Run): Promise<Judged> => {
      this.actions.mustOffer(run, 'submit')
      const before = activeBinding(run)
      const evaluated = await this.walker.reEvaluate(run)
      const active = activeBinding(evaluated)
      // The stage that this answers was left out meanwhile: the answer has nothing to pass.
      if (!active || active.id !== before?.id) return { run: await this.walker.walk(evaluated), stagesLeft: true }
      const expected = this.walker.kindOf(run, active).kind
      if (expected !== kind) throw new UnexpectedResponseError(this.runs.stepOf(run), expected)
      return this.judge.answer(evaluated, active, response)
    }
    return this.change({ visitor, executionId, stepToken, digest, work })
  }

  /** Does one of the things that a step offers beside its response: submitting needs one. */
  async perform(visitor: Visitor, executionId: string, stepToken: string, action: ActionType): Promise<Reply> {
    const digest = this.runs.digest(executionId, { action })
    const work = (run: Run) => this.actions.perform(run, action)
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
    const written = await this.runs.write(run)
    return written && { ...written, stagesLeft }
  }

  /** The reply for a run that was only looked at: written if looking changed it. */
  protected async shown(run: Run): Promise<Reply> {
    if (!run.stored || !run.session) throw new Error('Only a stored run can be shown.')
    const failed = run.status === 'active' && run.shown.challenge.kind === 'flow_error'
    if (failed || !this.differs(run, run.stored)) {
      return {
        step: stepOf({ ...run.stored, shown: run.shown }, run.definition, run, this.deps.now()),
        issued: undefined,
        remembered: [],
        sessionId: run.session.id,
        stagesLeft: false,
      }
    }
    const written = await this.runs.write(run)
    return written ? { ...written, stagesLeft: false } : this.overtaken(run.visitor, run.stored.id)
  }

  /** One effect for one answer: repeats get the stored reply, late ones are told what stands. */
  private async change(change: Change, tries = 1): Promise<Reply> {
    const opened = await this.runs.open(change.visitor, change.executionId)
    const { execution, reissue } = opened
    const run = await this.runs.of(change.visitor, opened, execution)
    if (this.isLastAnswer(execution, change)) return this.runs.repeated(run, reissue)
    if (reissue) throw new ExecutionNotFoundError()
    if (!this.deps.sameText(execution.stepToken, change.stepToken)) throw new StaleStepError(this.runs.stepOf(run))
    if (execution.status !== 'active') throw new UnexpectedResponseError(this.runs.stepOf(run), undefined)

    const { run: changed, stagesLeft } = await change.work(run)
    if (changed.shown.challenge.kind === 'flow_error' && changed.plan === run.plan) return this.shown(changed)
    const { stepToken, digest } = change
    const lastAnswer = { stepToken, digest, at: this.deps.now().getTime(), stagesLeft, ambiguous: true }
    const written = await this.runs.write(withoutDeadEnds({ ...changed, lastAnswer }))
    return written ? { ...written, stagesLeft } : this.late(change, tries)
  }

  /** Another answer came first: the same one, or one that left this without a step to be for. */
  private async late(change: Change, tries: number): Promise<Reply> {
    const opened = await this.runs.open(change.visitor, change.executionId)
    // Not this execution was changed meanwhile, but something that the answer rests on: it is judged again.
    if (this.deps.sameText(opened.execution.stepToken, change.stepToken)) {
      if (tries >= mostTries) throw new ServiceUnavailableError(1)
      return this.change(change, tries + 1)
    }
    const run = await this.runs.of(change.visitor, opened, opened.execution)
    if (this.isLastAnswer(opened.execution, change)) return this.runs.repeated(run, opened.reissue)
    throw new StaleStepError(this.runs.stepOf(run))
  }

  /** Somebody was faster than a look: what they left is what stands, and theirs is the handle it goes on with. */
  private async overtaken(visitor: Visitor, id: string): Promise<Reply> {
    const opened = await this.runs.open(visitor, id)
    if (!opened.reissue) return this.current(visitor, id)
    return { ...this.runs.repeated(await this.runs.of(visitor, opened, opened.execution), opened.reissue), stagesLeft: false }
  }

  private isLastAnswer({ lastAnswer: last }: Execution, { stepToken, digest }: Change): boolean {
    return last !== undefined && this.deps.sameText(last.stepToken, stepToken) && this.deps.sameText(last.digest, digest)
  }

  private differs(run: Run, stored: Execution): boolean {
    if (run.plan !== stored.plan || run.delivered !== stored.delivered || run.lastAnswer !== stored.lastAnswer) return true
    const moving = ({ shown, states, secrets, status }: Run | Execution) => canonicalJson([shown, states, secrets, status])
    return moving(run) !== moving(stored)
  }
}

/** What somebody who listens has not seen yet, and what stands. */
export interface Steps {
  readonly steps: readonly FlowStep[]
  readonly standing: FlowStep
  readonly session: Pick<Session, 'id' | 'userId' | 'handleHash'>
}

/** How often an answer is judged again because something that it rests on was changed meanwhile. */
export const mostTries = 5
