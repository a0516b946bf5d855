import { ActionNotAllowedError } from './errors.ts'
import type { Judge, Judged } from './judge.ts'
import { isSafeNextPath } from './next-path.ts'
import type { EngineDependencies } from './ports.ts'
import { activeBinding, type Run } from './run.ts'
import type { Runs } from './runs.ts'
import type { ActionType, StageActionType } from './step.ts'
import { finalRedirect, type Walker } from './walker.ts'
import { wentBack } from './way-back.ts'

/** Does what a step offers beside its response. */
export class Actions {
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

  /** Throws where the step does not offer it now. */
  mustOffer(run: Run, action: ActionType): void {
    const step = this.runs.stepOf(run)
    if (!step.actions.some(({ type, enabled }) => type === action && enabled)) throw new ActionNotAllowedError(step)
  }

  async perform(run: Run, action: ActionType): Promise<Judged> {
    this.mustOffer(run, action)
    switch (action) {
      case 'submit':
        throw new ActionNotAllowedError(this.runs.stepOf(run))
      case 'restart':
        return { run: await this.walker.restart(run, false), stagesLeft: true }
      case 'cancel':
        return { run: this.cancelled(run), stagesLeft: false }
      case 'back':
        return this.goBack(run)
      default:
        return this.ofStage(run, action)
    }
  }

  private cancelled(run: Run): Run {
    const { next } = run.plan.query
    return this.walker.end(run, 'cancelled', finalRedirect(next !== undefined && isSafeNextPath(next) ? next : '/'))
  }

  private async goBack(run: Run): Promise<Judged> {
    const before = await wentBack(run, (id) => this.deps.users.byId(id))
    if (!before) throw new ActionNotAllowedError(this.runs.stepOf(run))
    return { run: await this.walker.walk(before), stagesLeft: true }
  }

  private async ofStage(run: Run, action: StageActionType): Promise<Judged> {
    const evaluated = await this.walker.reEvaluate(run)
    const active = activeBinding(evaluated)
    if (!active || active.id !== activeBinding(run)?.id) return { run: await this.walker.walk(evaluated), stagesLeft: true }
    const stage = this.walker.kindOf(evaluated, active)
    const verdict = await this.judge.ask(evaluated, () => {
      if (!stage.act) throw new Error(`The kind "${stage.kind}" offers actions, and does none.`)
      return stage.act(this.walker.contextFor(evaluated, active) as never, action)
    })
    return this.judge.decide(evaluated, active, verdict)
  }
}
