import type { StageRegistry } from '../flow/registry.ts'
import type { StageDefinition, StageObjectDefinition } from '../flow/stage.ts'
import { fieldErrors } from '../shapes/field-errors.ts'
import { snakeCase } from '../shapes/names.ts'
import { readShape } from '../shapes/shape.ts'
import { compileFromWire } from '../shapes/wire.ts'
import type { WireCodec } from './wire-codec.ts'

/** What an object would look like on the screen of its stage, or what is wrong with it by fields. */
export type Preview = { readonly shown: object } | { readonly errors: Readonly<Record<string, readonly string[]>> }

/** Where objects of one kind are shown that are not stored (reference: stages 4.4, "Preview"). */
export interface ObjectPreview {
  readonly path: string
  of(body: object): Preview
}

/** The previews of all kinds of object that have one. Compiled once. */
export function objectPreviews(stages: StageRegistry, codec: WireCodec): readonly ObjectPreview[] {
  return stages.all().flatMap((stage) =>
    (stage.objects ?? []).flatMap((object) => {
      const { preview } = object
      return preview
        ? [{ path: `/stages/${stage.kind}/${object.kind}s/preview/`, of: showing(stage, object, preview, codec) }]
        : []
    }),
  )
}

function showing(
  { kind, component }: StageDefinition,
  { config }: StageObjectDefinition,
  preview: NonNullable<StageObjectDefinition['preview']>,
  codec: WireCodec,
): (body: object) => Preview {
  const shape = readShape('Preview', config, 'input')
  const fromWire = compileFromWire(shape)
  return (body) => {
    const own = fromWire(body)
    const judged = config.safeParse(own)
    if (judged.success) return { shown: { component, ...codec.encode(kind, preview(judged.data)) } }
    const errors = fieldErrors(judged.error, own, shape).map(({ field, message }) => [snakeCase(field), [message]] as const)
    return { errors: Object.fromEntries(errors) }
  }
}
