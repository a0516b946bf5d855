import { toWireJsonSchema } from '../shapes/json-schema.ts'
import { describePaths } from './openapi-paths.ts'
import type { WireCodec, WireShapes } from './wire-codec.ts'

const flowInfo = {
  type: 'object',
  description: 'The flow that a challenge belongs to.',
  properties: {
    title: { type: 'string', description: 'What to call it on screen.' },
    background: { type: 'string', description: 'The address of a background picture.' },
    background_themed_urls: { type: ['object', 'null'], description: 'Pictures for light and dark themes.' },
    cancel_url: { type: 'string', description: 'Where to send somebody who gives up.' },
    layout: { type: 'string', description: 'How the page should be laid out.' },
  },
  required: ['cancel_url', 'layout'],
}

const responseErrors = {
  type: 'object',
  description: 'Why the answer was refused, by field.',
  additionalProperties: {
    type: 'array',
    items: {
      type: 'object',
      properties: {
        string: { type: 'string', description: 'For the person.' },
        code: { type: 'string', description: 'For programs.' },
      },
      required: ['string', 'code'],
    },
  },
}

/** The REST face as an OpenAPI 3.1 document, generated from the registered kinds. */
export function openApiDocument(
  codec: WireCodec,
  {
    version,
    publicUrl,
    cookieName = 'authentik_session',
  }: { readonly version: string; readonly publicUrl: string; readonly cookieName?: string },
): object {
  // Kinds that share a component show the same: to this wire they are one.
  const shown = codec.shapes.filter((shapes) => codec.shapes.find(({ component }) => component === shapes.component) === shapes)
  const answered = codec.shapes.filter(({ response }) => response)
  const schemas = {
    FlowInfo: flowInfo,
    ResponseErrors: responseErrors,
    ...Object.fromEntries(shown.map((shapes) => [shapes.challenge.name, challengeSchema(shapes)])),
    ...Object.fromEntries(answered.map((shapes) => [shapes.response?.name, responseSchema(shapes)])),
    Challenge: union(
      'oneOf',
      shown.map(({ component, challenge }) => [component, challenge.name]),
    ),
    // Without a component, an answer may be one to several kinds: the standing challenge decides.
    ChallengeResponse: union(
      'anyOf',
      answered.map(({ component, response }) => [component, response?.name ?? '']),
    ),
    Error: {
      type: 'object',
      properties: {
        detail: { type: 'string', description: 'What is wrong.' },
        code: { type: 'string', description: 'The same for programs.' },
      },
      required: ['detail'],
    },
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Stagedoor',
      version,
      description: 'Flows for clients written for authentik. New clients use GraphQL.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: new URL('/api/v3', publicUrl).href }],
    tags: [
      { name: 'flows', description: 'Running flows.' },
      { name: 'core', description: 'Who is signed in, and the brand.' },
      { name: 'root', description: 'The server itself.' },
    ],
    paths: describePaths(),
    components: {
      schemas,
      securitySchemes: {
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: cookieName,
          description: 'The session; signed-in POSTs also need the header X-authentik-CSRF.',
        },
        token: { type: 'http', scheme: 'bearer', description: 'An API token.' },
      },
    },
  }
}

function challengeSchema({ component, description, challenge }: WireShapes): object {
  const fields = toWireJsonSchema(challenge) as { properties?: object; required?: readonly string[] }
  return {
    ...fields,
    description,
    properties: {
      component: { const: component, description: 'The kind of challenge.' },
      type: { enum: ['native', 'redirect', 'shell'], description: 'The older way to say which kind it is.' },
      flow_info: { $ref: '#/components/schemas/FlowInfo' },
      response_errors: { $ref: '#/components/schemas/ResponseErrors' },
      ...fields.properties,
    },
    required: ['component', ...(fields.required ?? [])],
  }
}

function responseSchema({ component, description, response, keyedField }: WireShapes): object {
  const fields = response ? (toWireJsonSchema(response) as { properties?: object }) : {}
  const named = { component: { const: component, description: 'The kind that is answered. May be left out.' } }
  if (keyedField !== undefined) {
    const keys = {
      additionalProperties: true,
      description: `The answer to: ${description} A member for each key of the challenge.`,
    }
    return { type: 'object', properties: named, ...keys }
  }
  return {
    type: 'object',
    ...fields,
    description: `The answer to: ${description}`,
    properties: { ...named, ...fields.properties },
  }
}

function union(keyword: 'oneOf' | 'anyOf', members: readonly (readonly [component: string, name: string])[]): object {
  const reference = (name: string) => `#/components/schemas/${name}`
  return {
    [keyword]: members.map(([, name]) => ({ $ref: reference(name) })),
    discriminator: {
      propertyName: 'component',
      // Of several answers to one component, the mapping can name the first only.
      mapping: Object.fromEntries(members.toReversed().map(([component, name]) => [component, reference(name)])),
    },
  }
}
