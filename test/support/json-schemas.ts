import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { parse } from 'yaml'

/** The schemas of an OpenAPI document. */
export interface OpenApiDocument {
  readonly openapi: string
  readonly paths: Record<string, Record<string, object>>
  readonly components: { readonly schemas: Record<string, JsonSchema>; readonly securitySchemes?: object }
}

export interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly discriminator?: { readonly mapping: Readonly<Record<string, string>> }
  readonly [keyword: string]: unknown
}

/** Says what is wrong with a value, as the component schemas of a document see it; nothing if all is well. */
export type Check = (schemaName: string, value: unknown) => readonly string[]

/** authentik's own OpenAPI document, as it comes with its client. */
export function authentikDocument(): OpenApiDocument {
  const file = new URL('../../node_modules/authentik-api-2026/schema.yml', import.meta.url)
  return parse(readFileSync(file, 'utf8')) as OpenApiDocument
}

/** Checks by the schemas of an OpenAPI document: JSON Schema 2020-12 from 3.1 on, a dialect of its own before. */
export function checkerOf(document: OpenApiDocument): Check {
  const modern = !document.openapi.startsWith('3.0')
  const ajv = modern ? new Ajv2020({ strict: false, allErrors: true }) : new Ajv({ strict: false, allErrors: true })
  addFormats.default(ajv)
  const { components } = document
  ajv.addSchema({ $id: 'document', components: modern ? components : withNulls(components) })
  return (schemaName, value) => {
    const check = ajv.getSchema(`document#/components/schemas/${schemaName}`)
    if (!check) throw new Error(`The document has no schema "${schemaName}".`)
    check(value)
    return (check.errors ?? []).map(({ instancePath, message }) => `${instancePath || '/'} ${message}`)
  }
}

/** The name of the schema that a discriminated union has for a component. */
export function schemaFor(document: OpenApiDocument, union: string, component: string): string {
  const reference = document.components.schemas[union]?.discriminator?.mapping[component]
  if (!reference) throw new Error(`The union "${union}" has no member for ${component}.`)
  return reference.replace('#/components/schemas/', '')
}

/** OpenAPI 3.0 says `nullable: true` beside the type, where JSON Schema has null among the types. */
function withNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withNulls)
  if (typeof value !== 'object' || value === null) return value
  const { nullable, ...members } = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withNulls(member)]))
  return nullable === true ? { anyOf: [members, { type: 'null' }] } : members
}
