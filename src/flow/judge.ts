import type { StageBinding } from './definition.ts'
import { FlowError, TooManyAttemptsError } from './errors.ts'
import type { JsonObject } from './json.ts'
import { linkWasUsed } from './mailed-link.ts'
import { countAttempt, withContext } from './plan.ts'
import type { EngineDependencies, Guess } from './ports.ts'
import { audited, type Run, showing, tokenAtStake, withChanges } from './run.ts'
import type { StageContext, StageDefinition, Verdict } from './stage.ts'
import type { Walker } from './walker.ts'

/** What came of an answer. */
export interface Judged {
  readonly run: Run
  /** Whether the answer was taken, or the plan starts over, and stages were left: authentik's 302. */
  readonly stagesLeft: boolean
}

/** Judges answers to the active stage, and keeps the account of refused guesses. */
export class Judge {
  private readonly deps: EngineDependencies
  private readonly walker: Walker

  constructor(deps: EngineDependencies, walker: Walker) {
    this.deps = deps
    this.walker = walker
  }

  async answer(run: Run, active: StageBinding, response: unknown): Promise<Judged> {
    const stage = this.walker.kindOf(run, active)
    if (!stage.response || !stage.answer) throw new Error(`The kind "${stage.kind}" takes no answer.`)
    const parsed = stage.response.safeParse(response)
    if (!parsed.success) {
      return this.invalid(run, active, {
        type: 'invalid',
        errors: this.deps.fieldErrors(stage.kind, parsed.error, response),
        changes: {},
      })
    }

    if (await this.isSpent(tokenAtStake(run))) {
      return { run: this.walker.end(run, 'denied', this.walker.accessDenied(run, linkWasUsed)), stagesLeft: false }
    }
    const context = this.walker.contextFor(run, active) as StageContext<JsonObject, unknown>
    const guess = this.guessOf(stage, context, parsed.data, run)
    const wait = guess && (await this.deps.limiter.take(guess))
    if (wait !== undefined) throw new TooManyAttemptsError(wait)

    const verdict = await this.ask(run, () => stage.answer?.(context as never, parsed.data) as Verdict<never, unknown>)
    switch (verdict.type) {
      case 'failed':
        return { run: verdict.run, stagesLeft: false }
      case 'advance': {
        if (guess) await this.deps.limiter.succeeded(guess)
        const advanced = this.walker.advanced(run, verdict.changes)
        return { run: await this.walker.walk(advanced), stagesLeft: advanced.plan.bindings.length > 0 }
      }
      case 'invalid':
        return guess ? this.refusedGuess(run, active, stage, verdict) : this.invalid(run, active, verdict)
      case 'deny':
        return {
          run: await this.walker.denied(withChanges(run, { effects: verdict.effects ?? [] }), active, verdict.message),
          stagesLeft: active.invalidResponseAction !== 'retry',
        }
      case 'switch_flow':
        return { run: await this.walker.switchFlow(run, verdict), stagesLeft: true }
      case 'ask':
        throw new Error(`The kind "${stage.kind}" asked in reply to an answer.`)
    }
  }

  /** Several browsers may have opened one link: the first that confirms it goes on. */
  private async isSpent(hash: string | undefined): Promise<boolean> {
    if (hash === undefined) return false
    const token = await this.deps.store.flowToken(hash)
    return token === undefined || token.used
  }

  private guessOf(
    stage: StageDefinition,
    context: StageContext<JsonObject, unknown>,
    response: unknown,
    run: Run,
  ): Guess | undefined {
    const subject = stage.guesses?.(context as never, response as never)
    return subject === undefined ? undefined : { subject, clientIp: run.visitor.clientIp }
  }

  private async ask(run: Run, question: () => Verdict<never, unknown> | Promise<Verdict<never, unknown>>) {
    try {
      return await question()
    } catch (error) {
      if (error instanceof FlowError) throw error
      return { type: 'failed' as const, run: showing(run, await this.walker.failure(run, error)) }
    }
  }

  private async invalid(
    run: Run,
    active: StageBinding,
    { errors, changes }: Extract<Verdict<never, never>, { type: 'invalid' }>,
  ): Promise<Judged> {
    const states = changes.state === undefined ? run.states : { ...run.states, [active.id]: changes.state }
    const changed = withChanges({ ...run, states, plan: withContext(run.plan, changes.context ?? {}) }, changes)
    if (active.invalidResponseAction === 'retry') return { run: await this.walker.walk(changed, errors), stagesLeft: false }
    return { run: await this.walker.restart(changed, active.invalidResponseAction === 'restart_with_context'), stagesLeft: true }
  }

  private async refusedGuess(
    run: Run,
    active: StageBinding,
    stage: StageDefinition,
    verdict: Extract<Verdict<never, never>, { type: 'invalid' }>,
  ): Promise<Judged> {
    const { plan, attempts } = countAttempt(run.plan, active.id)
    const counted = audited(
      { ...run, plan },
      'login_failed',
      { stage: stage.kind, flow: run.definition.flow.slug },
      verdict.changes.about ?? run.pendingUser,
    )
    const limit = stage.attemptLimit?.(this.walker.contextFor(run, active) as never)
    if (limit === undefined || attempts < limit) return this.invalid(counted, active, verdict)
    const message = verdict.errors[0]?.message ?? 'Unknown error'
    return { run: this.walker.end(counted, 'denied', this.walker.accessDenied(counted, message)), stagesLeft: false }
  }
}
