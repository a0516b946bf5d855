import { canonicalJson } from './canonical-json.ts'
import { FlowError } from './errors.ts'
import type { Judge } from './judge.ts'
import type { EngineDependencies } from './ports.ts'
import { activeBinding, hasLapsed, type Run, waitsStill } from './run.ts'
import type { Runs } from './runs.ts'
import type { Visitor } from './session.ts'
import type { Resumed } from './stage.ts'
import type { Walker } from './walker.ts'

/** How a wait stands after somebody looked: over, or when to look again (seconds). */
export type Outlook = { readonly over: true } | { readonly over: false; readonly again: number }

const over: Outlook = { over: true }

/** How often news is put to an execution that others change meanwhile. */
const mostTries = 5

/** Takes up executions that wait, where no request does: from what is stored, on whatever server. */
export class Resumer {
  private readonly deps: EngineDependencies
  private readonly runs: Runs
  private readonly walker: Walker
  private readonly judge: Judge

  constructor(deps: EngineDependencies, { runs, walker, judge }: { runs: Runs; walker: Walker; judge: Judge }) {
    this.deps = deps
    this.runs = runs
    this.walker = walker
    this.judge = judge
  }

  /** Asks once how the slow thing stands, for as long as the signal lets it, and goes on with the flow if there is news. */
  async resume(visitor: Visitor, executionId: string, signal: AbortSignal): Promise<Outlook> {
    const run = await this.unattended(visitor, executionId)
    if (hasLapsed(run, this.deps.now())) return this.settle(run, undefined)
    if (!waitsStill(run, this.deps.now())) return over
    const news = await this.newsOf(run, signal)
    return news ? this.settle(run, news) : this.outlook(run)
  }

  /** Ends a wait before its time, as if it were over. */
  async giveUp(visitor: Visitor, executionId: string): Promise<void> {
    const run = await this.unattended(visitor, executionId)
    if (waitsStill(run, this.deps.now())) await this.settle(run, undefined)
  }

  /** The run once its wait is over, for whoever looks: a request of its own needs nobody to ask first. */
  async lapsed(run: Run): Promise<Run> {
    return hasLapsed(run, this.deps.now()) ? this.applied(run, undefined) : run
  }

  private async unattended(visitor: Visitor, executionId: string): Promise<Run> {
    const opened = await this.runs.open(visitor, executionId)
    return { ...(await this.runs.of(visitor, opened, opened.execution)), unattended: true }
  }

  private async newsOf(run: Run, signal: AbortSignal): Promise<Resumed | undefined> {
    const active = activeBinding(run)
    const stage = active && this.walker.kindOf(run, active)
    if (!active || !stage?.resume) return undefined
    try {
      return await stage.resume(this.walker.contextFor(run, active) as never, signal)
    } catch (error) {
      if (error instanceof FlowError) throw error
      // What waits goes on waiting: its time is limited, and the person may do something else.
      this.deps.report(error, run.visitor.requestId)
      return undefined
    }
  }

  /** Puts news to the execution; `undefined` is that its time is over. Whoever else has changed it was first. */
  private async settle(run: Run, news: Resumed | undefined): Promise<Outlook> {
    let standing = run
    for (let tries = 0; tries < mostTries; tries += 1) {
      const applied = await this.applied(standing, news)
      if (changesNothing(applied, standing)) return this.outlook(standing)
      if (await this.runs.write(applied)) return waitsStill(applied, this.deps.now()) ? this.outlook(applied, 0) : over
      const next = await this.unattended(run.visitor, run.id)
      if (!isSameWait(next, run)) return waitsStill(next, this.deps.now()) ? this.outlook(next, 0) : over
      standing = next
    }
    return this.outlook(run)
  }

  private async applied(run: Run, news: Resumed | undefined): Promise<Run> {
    const reEvaluated = await this.walker.reEvaluate(run)
    const active = activeBinding(reEvaluated)
    if (!active || active.id !== activeBinding(run)?.id) return this.walker.walk(reEvaluated)
    const stage = this.walker.kindOf(run, active)
    const verdict =
      news ?? (await this.judge.ask(run, () => stage.lapse?.(this.walker.contextFor(reEvaluated, active) as never) ?? nothingNew))
    const { run: judged } = await this.judge.decide(withoutWait(reEvaluated), active, verdict)
    return judged
  }

  private outlook({ shown: { waiting } }: Run, again = waiting?.recheck ?? waiting?.pollAfter ?? 0): Outlook {
    const left = waiting ? (waiting.until - this.deps.now().getTime()) / 1000 : 0
    return { over: false, again: Math.max(0, Math.min(again, left)) }
  }
}

/** The stage shows itself anew. */
const nothingNew: Resumed = { type: 'invalid', errors: [], changes: {} }

/** News belongs to one wait: what the stage kept, about one person. A wrong answer meanwhile is no other wait. */
function isSameWait(a: Run, b: Run): boolean {
  return a.shown.waiting !== undefined && identityOf(a) === identityOf(b)
}

function identityOf({ plan, states, shown: { waiting } }: Run): string {
  const [binding = ''] = plan.bindings
  return canonicalJson([binding, plan.context.pending_user ?? null, states[binding] ?? null, waiting ?? null])
}

/** Whether what a stage calls news is what stood before: it is not asked again at once. */
function changesNothing(applied: Run, standing: Run): boolean {
  const stand = ({ plan, states, secrets, status, shown }: Run) => canonicalJson([plan, states, secrets, status, shown])
  return applied.effects.length === 0 && stand(applied) === stand(standing)
}

function withoutWait(run: Run): Run {
  const { waiting: _, ...shown } = run.shown
  return { ...run, shown }
}
