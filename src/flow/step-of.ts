import type { FlowDefinition } from './definition.ts'
import type { Execution } from './execution.ts'
import { isJsonObject, type JsonValue } from './json.ts'
import type { Run } from './run.ts'
import { displayedUser } from './run.ts'
import type { FlowAction, FlowStep } from './step.ts'
import { formatTitle } from './title.ts'

/** What a client is told of an execution. */
export function stepOf(
  execution: Execution,
  definition: FlowDefinition,
  who: Pick<Run, 'pendingUser' | 'sessionUser'>,
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
    actions: actionsOf(execution),
  }
}

/** What an application that wants something is called. */
function nameIn(application: JsonValue | undefined): string {
  return isJsonObject(application) && typeof application.name === 'string' ? application.name : ''
}

/** An execution that is over offers nothing. */
function actionsOf({ status, shown }: Execution): readonly FlowAction[] {
  if (status !== 'active') return []
  const failed = shown.challenge.kind === 'flow_error'
  return [
    failed
      ? { type: 'submit', enabled: false, reason: 'The server failed here. Read the execution again to try once more.' }
      : { type: 'submit', enabled: true },
    { type: 'restart', enabled: true },
    { type: 'cancel', enabled: true },
  ]
}
