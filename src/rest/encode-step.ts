import { flowError, redirect } from '../flow/challenges.ts'
import type { FieldError, FlowStep } from '../flow/step.ts'
import type { WireCodec } from './wire-codec.ts'

/** What authentik shows behind a flow that has no picture of its own. */
const defaultBackground = '/static/dist/assets/images/flow_background.jpg'

/** A step in the words of authentik's wire (reference: flow-core 4, stages 1.3). */
export function encodeStep(step: FlowStep, codec: WireCodec, errors: readonly FieldError[] = step.errors): object {
  const { kind, component, fields } = step.challenge
  return {
    component,
    // Sent beside `component` for clients written before 2024.
    type: component === redirect.component ? 'redirect' : 'native',
    ...(component !== redirect.component && kind !== flowError.kind && { flow_info: flowInfoOf(step) }),
    ...(errors.length > 0 && { response_errors: encodeErrors(errors, (field) => codec.fieldName(kind, field)) }),
    ...codec.encode(kind, fields),
  }
}

function flowInfoOf({ flow, title, cancelPath }: FlowStep): object {
  return {
    title,
    background: flow.background || defaultBackground,
    background_themed_urls: null,
    cancel_url: cancelPath,
    layout: flow.layout,
  }
}

function encodeErrors(
  errors: readonly FieldError[],
  nameOf: (field: string) => string,
): Record<string, { string: string; code: string }[]> {
  const encoded: Record<string, { string: string; code: string }[]> = {}
  for (const { field, message, code } of errors) {
    const name = nameOf(field)
    encoded[name] = [...(encoded[name] ?? []), { string: message, code }]
  }
  return encoded
}
