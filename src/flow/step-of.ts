import { continuation, flowError } from './challenges.ts'
import type { FlowDefinition } from './definition.ts'
import type { Execution } from './execution.ts'
import { isJsonObject, type JsonValue } from './json.ts'
import type { Run } from './run.ts'
import { displayedUser } from './run.ts'
import type { FlowAction, FlowStep, Shown, Waiting } from './step.ts'
import { formatTitle } from './title.ts'

/** What a client is told of an execution. */
export function stepOf(
  execution: Execution,
  definition: FlowDefinition,
  who: Pick<Run, 'pendingUser' | 'sessionUser'>,
  now: Date,
): FlowStep {
  const { plan, shown, sequence, stepToken, status, expiresAt } = execution
  const next = plan.query.next
  return {
    executionId: execution.id,
    flow: definition.flow,
    title: formatTitle(definition.flow.title, { app: nameIn(plan.context.application), user: displayedUser({ plan, ...who }) }),
    query: plan.query,
    cancelPath: `/flows/-/cancel/${next === undefined ? '' : `?${new URLSearchParams({ next })}`}`,
    sequence,
    stepToken,
    status,
    expiresAt,
    challenge: shown.challenge,
    errors: shown.errors,
    actions: actionsOf(execution, now),
    waiting: status === 'active' ? waitingOf(shown) : undefined,
  }
}

/** What an application that wants something is called. */
function nameIn(application: JsonValue | undefined): string {
  return isJsonObject(application) && typeof application.name === 'string' ? application.name : ''
}

/** An execution that is over offers nothing. */
function actionsOf({ status, shown, checkpoints }: Execution, now: Date): readonly FlowAction[] {
  if (status !== 'active') return []
  const offered = (shown.actions ?? []).map(({ type, availableAt, reason }): FlowAction => {
    const enabled = availableAt === undefined || availableAt <= now.getTime()
    return { type, enabled, ...(!enabled && { availableAt: new Date(availableAt), ...(reason !== undefined && { reason }) }) }
  })
  return [
    submitOf(shown),
    ...offered,
    ...(checkpoints.length > 0 ? [{ type: 'back', enabled: true } as const] : []),
    { type: 'restart', enabled: true },
    { type: 'cancel', enabled: true },
  ]
}

function submitOf({ challenge }: Shown): FlowAction {
  switch (challenge.kind) {
    case flowError.kind:
      return { type: 'submit', enabled: false, reason: 'The server failed here. Read the execution again to try once more.' }
    case continuation.kind:
      return { type: 'submit', enabled: false, reason: 'Nothing is asked. Read the execution by HTTP to go on.' }
    default:
      return { type: 'submit', enabled: true }
  }
}

function waitingOf({ waiting }: Shown): Waiting | undefined {
  if (!waiting) return undefined
  const { reason, until, pollAfter, delivery, holds = false } = waiting
  return { reason, until: new Date(until), pollAfter, delivery, holds }
}
