import type { z } from 'zod'
import type { StageObjectDefinition } from '../flow/stage.ts'
import { fieldErrors } from '../shapes/field-errors.ts'
import { snakeCase } from '../shapes/names.ts'
import { readShape } from '../shapes/shape.ts'
import { compileFromWire } from '../shapes/wire.ts'
import type { WireCodec } from './wire-codec.ts'

/** What an object would look like on the screen of its stage, or what is wrong with it by fields. */
export type Preview = { readonly shown: object } | { readonly errors: Readonly<Record<string, readonly string[]>> }

/** Shows an object that is not stored (reference: stages 4.4, "Preview"). */
export function previewOf(
  { config, preview }: StageObjectDefinition,
  codec: WireCodec,
  { kind, component }: { readonly kind: string; readonly component: string },
  body: object,
): Preview {
  const shape = readShape('Preview', config, 'input')
  const own = compileFromWire(shape)(body)
  const judged = config.safeParse(own)
  if (judged.success) return { shown: { component, ...codec.encode(kind, preview?.(judged.data as z.output<typeof config>)) } }
  const errors = fieldErrors(judged.error, own, shape).map(({ field, message }) => [snakeCase(field), [message]] as const)
  return { errors: Object.fromEntries(errors) }
}
