import type { z } from 'zod'
import { accessDenied, type FrameworkChallenge, flowError, shownFields } from '../flow/challenges.ts'
import type { StageRegistry } from '../flow/registry.ts'
import type { StageDefinition } from '../flow/stage.ts'
import { pascalCase, snakeCase } from '../shapes/names.ts'
import { readShape } from '../shapes/shape.ts'
import type { ObjectShape } from '../shapes/shape-kinds.ts'
import { type Convert, compileFromWire, compileToWire } from '../shapes/wire.ts'

/** A kind's two shapes, as authentik's wire spells them. */
export interface WireShapes {
  readonly kind: string
  readonly component: string
  readonly description: string
  readonly challenge: ObjectShape
  readonly response: ObjectShape | undefined
  /** The field of the response whose members stand beside each other under their keys. */
  readonly keyedField: string | undefined
}

/** Translates challenges and answers between the engine's words and the wire's. Compiled once. */
export class WireCodec {
  readonly shapes: readonly WireShapes[]
  /** Kinds whose answers are members under keys of an administrator's. */
  private readonly keyed: ReadonlySet<string>
  private readonly encoders: ReadonlyMap<string, Convert>
  private readonly decoders: ReadonlyMap<string, Convert>

  constructor(stages: StageRegistry) {
    this.shapes = [...stages.all().flatMap(shapesOf), frameworkShapes(accessDenied), frameworkShapes(flowError)]
    this.keyed = new Set(this.shapes.flatMap(({ kind, keyedField }) => (keyedField === undefined ? [] : [kind])))
    this.encoders = new Map(this.shapes.map(({ kind, challenge }) => [kind, compileToWire(challenge)]))
    this.decoders = new Map(
      this.shapes.flatMap(({ kind, response, keyedField }) => {
        if (keyedField !== undefined) return [[kind, gather(keyedField)] as const]
        return response ? [[kind, compileFromWire(response)] as const] : []
      }),
    )
  }

  /** The fields of a challenge, in snake_case. */
  encode(kind: string, fields: unknown): object {
    return (this.encoders.get(kind)?.(fields) ?? {}) as object
  }

  /** An answer in the engine's words. Unknown members are dropped, wrong types are left to the stage's schema. */
  decode(kind: string, body: unknown): unknown {
    return this.decoders.get(kind)?.(body) ?? body
  }

  /** What the wire calls a field that an error is about. */
  fieldName(kind: string, field: string): string {
    return this.keyed.has(kind) && field !== 'nonFieldErrors' ? field : snakeCase(field)
  }
}

function shapesOf({
  kind,
  component,
  description,
  challenge,
  response,
  showsPendingUser = false,
  keyedField,
}: StageDefinition): WireShapes[] {
  if (!component || !challenge) return []
  const name = pascalCase(kind)
  return [
    {
      kind,
      component,
      description,
      challenge: challengeShape(name, challenge, showsPendingUser),
      response: response && readShape(`${name}Response`, response, 'input'),
      keyedField,
    },
  ]
}

function frameworkShapes({ kind, component, description, challenge, showsPendingUser }: FrameworkChallenge): WireShapes {
  return {
    kind,
    component,
    description,
    challenge: challengeShape(pascalCase(kind), challenge, showsPendingUser),
    response: undefined,
    keyedField: undefined,
  }
}

/** Reads members that stand beside each other as a list of keys and values. The kind's name is none of them. */
function gather(field: string): Convert {
  return (body) => {
    if (typeof body !== 'object' || body === null || Array.isArray(body)) return body
    const members = Object.entries(body).filter(([key]) => key !== 'component')
    return { [field]: members.map(([key, value]) => ({ key, value })) }
  }
}

function challengeShape(name: string, challenge: z.ZodObject, showsPendingUser: boolean): ObjectShape {
  return readShape(`${name}Challenge`, shownFields(challenge, showsPendingUser), 'output')
}
