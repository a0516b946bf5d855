import { canonicalJson } from './canonical-json.ts'
import { continuation, flowError } from './challenges.ts'
import { FlowNotFoundError, ServiceUnavailableError } from './errors.ts'
import type { Execution } from './execution.ts'
import { FlowExecutor, mostTries } from './executor.ts'
import type { JsonObject } from './json.ts'
import type { Judged } from './judge.ts'
import { flowTokenKey, withoutFlowToken } from './mailed-link.ts'
import { type InlineStage, type PlanContext, putFirst } from './plan.ts'
import type { Opened } from './ports.ts'
import type { Reply } from './request.ts'
import { activeBinding, hasLapsed, type Run } from './run.ts'
import type { Visitor } from './session.ts'
import type { FlowStep } from './step.ts'
import { stepOf } from './step-of.ts'
import type { User } from './user.ts'
import { withoutDeadEnds } from './way-back.ts'

/** As flows are named (reference: flow-core 1.1). */
const slugForm = /^[-\w]{1,200}$/

/** For how long an equal answer is a repeat, where no step token tells (milliseconds). */
const repeatWindow = 5000

/** A request of a client that names a flow, never an execution. */
export interface SlugRequest {
  readonly visitor: Visitor
  readonly slug: string
  /** The page's query string, parsed. The last one counts. */
  readonly query: Readonly<Record<string, string>>
  readonly denialNext: string | undefined
  /** How often it was tried before. */
  readonly tries?: number
}

/** An answer that says neither which step nor which kind of stage it is for. */
export interface SlugAnswer {
  /** What two answers are compared by. */
  readonly body: unknown
  /** The answer in the words of one kind of stage. */
  readonly forKind: (kind: string) => unknown
}

/** The executor for clients written for authentik: one execution for each session and slug (reference: flow-core 3). */
export class SlugExecutor extends FlowExecutor {
  /** The standing challenge, of a new execution if there is none. The end of one is told once. */
  async showBySlug(request: SlugRequest): Promise<Reply> {
    const opened = await this.openBySlug(request)
    const execution = this.usable(opened, request)
    if (!execution) return this.startBySlug(request, opened)
    if (await this.isElsewhere(execution, request)) return this.startBySlug(request, opened)

    const run = withQuery(await this.runs.of(request.visitor, opened, execution), request)
    if (run.status !== 'active') return this.shown({ ...run, delivered: true })
    // The client has seen this challenge now: an equal answer is meant for it, and no repeat of the last one.
    const seen = run.lastAnswer?.ambiguous ? { ...run, lastAnswer: undefined } : run
    const walked = hasLapsed(seen, this.deps.now())
      ? await this.waits.lapsed(seen)
      : await this.walker.walk(seen, run.shown.errors)
    return this.shown({ ...walked, delivered: endsIn(walked, request.slug) })
  }

  /** Judges an answer to whatever stands. An equal one within the repeat window gets the same reply. */
  async answerBySlug(request: SlugRequest, answer: SlugAnswer): Promise<Reply> {
    const opened = await this.openBySlug(request)
    const digest = this.runs.digest(request.slug, answer.body)
    const known = opened.execution
    if (known && this.isRepeat(known, digest))
      return this.runs.repeated(await this.runs.of(request.visitor, opened, known), opened.reissue)

    const execution = this.usable(opened, request)
    if (!execution)
      return known && isExpired(known, this.deps.now())
        ? this.startOver(request, opened)
        : this.answerFirst(request, opened, answer, digest)
    const run = withQuery(await this.runs.of(request.visitor, opened, execution), request)
    if (run.status !== 'active') return this.shown({ ...run, delivered: true })

    const judged = await this.judgeStanding(run, answer)
    if (hasFailed(judged.run) && judged.run.plan === run.plan) return this.shown(judged.run)
    const written = await this.runs.write(withoutDeadEnds(this.answered(judged, answer, digest)))
    if (written) return { ...written, stagesLeft: judged.stagesLeft }
    return this.lostRace(request, answer, digest, execution)
  }

  /**
   * How a client's request ends that was kept waiting: where the stage that it answered still stands, with what it says now;
   * else by sending the client to fetch what stands instead.
   */
  async held(visitor: Visitor, executionId: string, answered: FlowStep): Promise<Reply> {
    const opened = await this.runs.open(visitor, executionId)
    const run = await this.runs.of(visitor, opened, opened.execution)
    if (run.status !== 'active') return this.shown({ ...run, delivered: endsIn(run, answered.flow.slug) })
    const same = run.shown.challenge.kind === answered.challenge.kind && run.definition.flow.slug === answered.flow.slug
    return { ...this.runs.repeated(run, undefined), stagesLeft: !same }
  }

  /**
   * What a stage tells programs that ask about it, of the execution of the session in which it stands now; undefined where it
   * stands in none, or has nothing to tell.
   */
  async probe(visitor: Visitor, stageId: string, name: string): Promise<JsonObject | undefined> {
    for (const id of await this.deps.store.addressed(visitor.session)) {
      const opened = await this.runs.open(visitor, id)
      const run = await this.runs.of(visitor, opened, opened.execution)
      const active = run.status === 'active' && !opened.reissue ? activeBinding(run) : undefined
      if (!active || active.stageId !== stageId) continue
      return this.walker.kindOf(run, active).probes?.[name]?.(this.walker.contextFor(run, active) as never)
    }
    return undefined
  }

  /** Plans a flow about its caller, who then goes to its page, as an administrator's "execute" does; undefined: it is not for them. */
  async prepare(request: SlugRequest, about: User): Promise<Reply | undefined> {
    const opened = await this.openBySlug(request)
    const { run, planned } = await this.plan({ ...request, flow: { slug: request.slug } }, opened, about)
    if (planned.type !== 'planned') return undefined
    const begun = await this.begin({ ...(await this.walker.enter(run, planned)), restKey: request.slug })
    return begun ?? this.prepare(triedAgain(request), about)
  }

  /** Whether the page's link leads to another plan than the standing one. It does so once. */
  private async isElsewhere({ plan }: Execution, { query }: SlugRequest): Promise<boolean> {
    const token = query[flowTokenKey]
    if (token === undefined) return false
    const hash = this.deps.digestOf(token)
    return hash !== plan.restored && (await this.deps.store.flowToken(hash)) !== undefined
  }

  /** Plans a flow with a stage before all of its own, as a login button does. The flow's page goes on from there. */
  async startThrough(request: SlugRequest, first: InlineStage, known: PlanContext): Promise<Reply> {
    const opened = await this.openBySlug(request)
    const { run, planned } = await this.plan({ ...request, flow: { slug: request.slug } }, opened, undefined, known)
    const through = planned.type === 'planned' ? { ...planned, plan: putFirst(planned.plan, first) } : planned
    const begun = await this.begin({ ...(await this.walker.enter(run, through)), restKey: request.slug })
    return begun ?? this.startThrough(triedAgain(request), first, known)
  }

  private openBySlug({ visitor, slug }: SlugRequest): Promise<Opened> {
    if (!slugForm.test(slug)) throw new FlowNotFoundError()
    return this.deps.store.open(visitor.session, { type: 'rest', slug })
  }

  private async startBySlug(request: SlugRequest, opened: Opened): Promise<Reply> {
    const run = await this.enter({ ...request, flow: { slug: request.slug } }, opened)
    const begun = await this.begin({ ...run, restKey: request.slug, delivered: endsIn(run, request.slug) })
    return begun ?? this.showBySlug(triedAgain(request))
  }

  /** The answer was for a challenge that is gone; the client fetches the new one. */
  private async startOver(request: SlugRequest, opened: Opened): Promise<Reply> {
    const run = await this.enter({ ...request, flow: { slug: request.slug } }, opened)
    return (await this.begin({ ...run, restKey: request.slug }, true)) ?? this.showBySlug(triedAgain(request))
  }

  /** A first answer needs no cookie and no challenge fetched before. */
  private async answerFirst(request: SlugRequest, opened: Opened, answer: SlugAnswer, digest: string): Promise<Reply> {
    const run: Run = { ...(await this.enter({ ...request, flow: { slug: request.slug } }, opened)), restKey: request.slug }
    if (run.status !== 'active' || hasFailed(run) || run.definition.flow.slug !== request.slug)
      return (await this.begin({ ...run, delivered: endsIn(run, request.slug) })) ?? this.showBySlug(triedAgain(request))
    const judged = await this.judgeStanding(run, answer)
    const begun = await this.begin(this.answered(judged, answer, digest), judged.stagesLeft)
    return begun ?? this.lostRace(request, answer, digest, undefined)
  }

  private async judgeStanding(run: Run, answer: SlugAnswer): Promise<Judged> {
    // There was nothing to answer: the flow goes on from there, and its client fetches what comes of it.
    if (hasFailed(run) || run.shown.challenge.kind === continuation.kind)
      return { run: await this.walker.walk(run), stagesLeft: true }
    const before = activeBinding(run)
    const evaluated = await this.walker.reEvaluate(run)
    const active = activeBinding(evaluated)
    if (!active || active.id !== before?.id) return { run: await this.walker.walk(evaluated), stagesLeft: true }
    return this.judge.answer(evaluated, active, answer.forKind(this.walker.kindOf(run, active).kind))
  }

  private answered({ run, stagesLeft }: Judged, answer: SlugAnswer, digest: string): Run {
    const { kind } = run.shown.challenge
    const ambiguous = this.stages.find(kind)?.response?.safeParse(answer.forKind(kind)).success ?? false
    const lastAnswer = { stepToken: run.stored?.stepToken ?? '', digest, at: this.deps.now().getTime(), stagesLeft, ambiguous }
    return { ...run, lastAnswer, delivered: run.status !== 'active' && !stagesLeft }
  }

  /** Somebody else's answer came first: this one is not judged, and its client is shown what stands. */
  private async lostRace(
    request: SlugRequest,
    answer: SlugAnswer,
    digest: string,
    judged: Execution | undefined,
  ): Promise<Reply> {
    const opened = await this.openBySlug(request)
    if (!opened.execution) return this.showBySlug(triedAgain(request))
    // Nobody has answered meanwhile: something that the answer rests on was changed, or news came in. It is judged again.
    if (judged && !isAnsweredSince(opened.execution, judged)) return this.answerBySlug(triedAgain(request), answer)
    const run = await this.runs.of(request.visitor, opened, opened.execution)
    if (this.isRepeat(opened.execution, digest)) return this.runs.repeated(run, opened.reissue)
    const step = stepOf(
      { ...opened.execution, shown: { ...opened.execution.shown, errors: [] } },
      run.definition,
      run,
      this.deps.now(),
    )
    return { step, issued: undefined, remembered: [], sessionId: opened.session?.id ?? '', stagesLeft: false }
  }

  private isRepeat({ lastAnswer }: Execution, digest: string): boolean {
    return (
      lastAnswer !== undefined &&
      this.deps.now().getTime() - lastAnswer.at <= repeatWindow &&
      this.deps.sameText(lastAnswer.digest, digest)
    )
  }

  private usable({ execution, session, reissue }: Opened, { slug }: SlugRequest): Execution | undefined {
    if (!execution || !session || reissue || isExpired(execution, this.deps.now())) return undefined
    // It has gone on into another flow: who comes back to this one begins anew.
    if (execution.flowSlug !== slug) return undefined
    return execution.status !== 'active' && execution.delivered ? undefined : execution
  }
}

function isExpired(execution: Execution, now: Date): boolean {
  return execution.expiresAt <= now
}

/** Whether somebody has answered the step that an answer was judged for, or it is another step. */
function isAnsweredSince({ id, plan, status, lastAnswer }: Execution, judged: Execution): boolean {
  if (id !== judged.id || status !== 'active' || plan.bindings[0] !== judged.plan.bindings[0]) return true
  return lastAnswer !== undefined && canonicalJson(lastAnswer) !== canonicalJson(judged.lastAnswer ?? null)
}

function hasFailed({ shown }: Run): boolean {
  return shown.challenge.kind === flowError.kind
}

/** Whether a client at this address is told of an end. One that ends in another flow is told there. */
function endsIn({ status, definition }: Run, slug: string): boolean {
  return status !== 'active' && definition.flow.slug === slug
}

/** The request once more: what it rests on was changed meanwhile, or its address was taken. It must come to an end. */
function triedAgain(request: SlugRequest): SlugRequest {
  const { tries = 1 } = request
  if (tries >= mostTries) throw new ServiceUnavailableError(1)
  return { ...request, tries: tries + 1 }
}

/** The last request's query decides, as in authentik. */
function withQuery(run: Run, { query: given, denialNext }: SlugRequest): Run {
  const query = withoutFlowToken(given)
  const same = canonicalJson(run.plan.query) === canonicalJson(query)
  return { ...run, denialNext, plan: same ? run.plan : { ...run.plan, query } }
}
