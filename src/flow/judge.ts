import type { StageBinding } from './definition.ts'
import { FlowError, TooManyAttemptsError } from './errors.ts'
import type { JsonObject } from './json.ts'
import { linkWasUsed } from './mailed-link.ts'
import { countAttempt, withContext } from './plan.ts'
import type { EngineDependencies, Guess } from './ports.ts'
import { audited, type Run, showing, tokenAtStake, withChanges } from './run.ts'
import type { StageContext, StageDefinition, Verdict } from './stage.ts'
import type { Walker } from './walker.ts'
import { withCheckpoint } from './way-back.ts'

/** What came of an answer. */
export interface Judged {
  readonly run: Run
  /** Whether the answer was taken, or the plan starts over, and stages were left: authentik's 302. */
  readonly stagesLeft: boolean
}

/** A stage broke. */
export interface Failed {
  readonly type: 'failed'
  readonly run: Run
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
    return this.decide(run, active, verdict, guess)
  }

  /** What came of an answer, or of an action, that a stage has judged. */
  async decide(run: Run, active: StageBinding, verdict: Verdict<never, unknown> | Failed, guess?: Guess): Promise<Judged> {
    const stage = this.walker.kindOf(run, active)
    switch (verdict.type) {
      case 'failed':
        return { run: verdict.run, stagesLeft: false }
      case 'advance': {
        if (guess) await this.deps.limiter.succeeded(guess)
        const advanced = this.walker.advanced(withCheckpoint(run), verdict.changes)
        const walked = await this.walker.walk(advanced)
        return { run: guess ? withNewHandle(walked) : walked, stagesLeft: advanced.plan.bindings.length > 0 }
      }
      case 'invalid':
        return guess || verdict.changes.counts
          ? this.refusedGuess(run, active, stage, verdict)
          : this.invalid(run, active, verdict)
      case 'deny':
        return {
          run: await this.walker.denied(withChanges(run, { effects: verdict.effects ?? [] }), active, verdict.message),
          stagesLeft: active.invalidResponseAction !== 'retry',
        }
      case 'switch_flow':
        return { run: await this.walker.switchFlow(run, verdict), stagesLeft: true }
      case 'ask':
      case 'wait':
        throw new Error(`The kind "${stage.kind}" asked in reply to an answer.`)
    }
  }

  /** Lets a stage say something, or fail at it. */
  async ask<Said>(run: Run, question: () => Said | Promise<Said>): Promise<Said | Failed> {
    try {
      return await question()
    } catch (error) {
      if (error instanceof FlowError) throw error
      return { type: 'failed', run: showing(run, await this.walker.failure(run, error)) }
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

  private async invalid(
    run: Run,
    active: StageBinding,
    { errors, changes }: Extract<Verdict<never, never>, { type: 'invalid' }>,
  ): Promise<Judged> {
    const states = changes.state === undefined ? run.states : { ...run.states, [active.id]: changes.state }
    const changed = withChanges({ ...run, states, plan: withContext(run.plan, changes.context ?? {}) }, changes)
    // Where nothing is wrong there is no reason to start over.
    if (active.invalidResponseAction === 'retry' || errors.length === 0)
      return { run: await this.walker.walk(changed, errors), stagesLeft: false }
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

/** Whoever could have put the session's handle into this browser must not have the one that goes on from here. */
function withNewHandle(run: Run): Run {
  if (!run.session || run.sessionUser || run.status !== 'active') return run
  return { ...run, effects: [...run.effects, { type: 'renew_session' }] }
}
