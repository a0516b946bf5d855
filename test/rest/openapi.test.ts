import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Check, checkerOf, type JsonSchema, type OpenApiDocument } from '../support/json-schemas.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly responses: Readonly<Record<string, { readonly description: string }>>
  readonly parameters?: readonly { readonly in: string; readonly name: string }[]
}

let app: TestApp
let document: OpenApiDocument
let check: Check

beforeAll(async () => {
  app = await startTestApp({ env: { SESSION_COOKIE_NAME: 'door' } })
  document = (await (await fetch(`${app.url}/api/v3/schema/`)).json()) as OpenApiDocument
  check = checkerOf(document)
})

afterAll(() => app.close())

describe('the OpenAPI document', () => {
  it('is one of OpenAPI 3.1, and names the cookie of this server', () => {
    expect(document).toMatchObject({
      openapi: '3.1.0',
      info: { title: 'Stagedoor', version: expect.stringMatching(/^\d+\.\d+\.\d+/), license: { identifier: 'MIT' } },
      servers: [{ url: 'http://localhost:9000/api/v3' }],
      components: { securitySchemes: { session: { type: 'apiKey', in: 'cookie', name: 'door' } } },
    })
  })

  it('refers to nothing that it does not hold', () => {
    const references = [...JSON.stringify(document).matchAll(/"(#\/[^"]*)"/g)].map(([, reference]) => reference ?? '')

    expect(references.length).toBeGreaterThan(20)
    for (const reference of references) expect(at(document, reference), reference).toBeTypeOf('object')
  })

  it('has schemas that are JSON Schema 2020-12', () => {
    for (const name of Object.keys(document.components.schemas)) expect(() => check(name, {}), name).not.toThrow()
  })

  it('describes each operation, its parameters and answers', () => {
    const operations = Object.entries(document.paths).flatMap(([path, { parameters, ...methods }]) =>
      Object.values(methods as Record<string, Operation>).map((operation) => ({
        path,
        ...operation,
        parameters: [...((parameters ?? []) as Operation['parameters'] & object), ...(operation.parameters ?? [])],
      })),
    )

    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length)
    for (const { path, summary, responses, parameters } of operations) {
      expect(summary, path).toMatch(/\.$/)
      expect(
        Object.values(responses).every(({ description }) => description.endsWith('.') || description === ''),
        path,
      ).toBe(true)
      const named = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => `{${name}}`)
      expect(named).toEqual(path.match(/\{\w+\}/g) ?? [])
    }
  })

  it('holds no address that is not served', async () => {
    for (const path of Object.keys(document.paths)) {
      const response = await fetch(`${app.url}/api/v3${path.replace('{slug}', 'none')}`)
      const { code } = (await response.json()) as { code?: string }
      expect([response.status, code], path).not.toEqual([404, 'not_found'])
    }
  })

  it('describes each field of each challenge and answer', () => {
    const isNamed = (name: string) => /(?:Challenge|Response)$/.test(name)
    for (const [name, { properties = {} }] of Object.entries(document.components.schemas)) {
      if (!isNamed(name)) continue
      for (const [field, schema] of Object.entries<JsonSchema>(properties))
        expect(schema.description ?? schema.$ref, `${name}.${field}`).toBeTruthy()
    }
  })
})

describe('an answer is valid by the document', () => {
  it.each([
    { component: 'ak-stage-identification', uid_field: 'ada' },
    { component: 'ak-stage-identification', uid_field: 'ada', password: 'secret' },
    { component: 'ak-stage-identification', uid_field: null, password: null },
    { component: 'ak-stage-password', password: 'secret' },
    { component: 'ak-stage-user-login', remember_me: true },
    { component: 'ak-stage-dummy' },
    { component: 'xak-flow-redirect', to: '/' },
    { password: 'secret' },
    {},
  ])('that the server takes: %j', (answer) => {
    expect(check('ChallengeResponse', answer)).toEqual([])
  })

  it.each([
    ['PasswordResponse', { component: 'ak-stage-password' }, "/ must have required property 'password'"],
    ['PasswordResponse', { password: '' }, '/password must NOT have fewer than 1 characters'],
    ['PasswordResponse', { password: 'x'.repeat(4097) }, '/password must NOT have more than 4096 characters'],
    ['PasswordResponse', { component: 'ak-stage-dummy', password: 'x' }, '/component must be equal to constant'],
    ['IdentificationResponse', { uid_field: 5 }, '/uid_field must be string,null'],
    ['UserLoginResponse', { remember_me: 'yes' }, '/remember_me must be boolean'],
  ])('and one that it refuses is not: %s %j', (schema, answer, problem) => {
    expect(check(schema, answer)).toContain(problem)
  })
})

describe('the page to browse it', () => {
  it('and its files come from here only', async () => {
    const page = await (await fetch(`${app.url}/api/v3/`, { headers: { accept: 'text/html' } })).text()
    const files = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file ?? '')

    expect(files).toEqual(['/api/v3/browser/swagger-ui.css', '/api/v3/browser/swagger-ui-bundle.js', '/api/v3/browser/start.js'])
    for (const file of files) {
      const response = await fetch(app.url + file)
      expect(response.status, file).toBe(200)
      expect(response.headers.get('content-type')).toMatch(file.endsWith('.css') ? 'text/css' : 'text/javascript')
      expect((await response.text()).length).toBeGreaterThan(50)
    }
  })

  it('asks for our document and for no validator', async () => {
    const start = await (await fetch(`${app.url}/api/v3/browser/start.js`)).text()

    expect(start).toContain("url: '/api/v3/schema/'")
    expect(start).toContain('validatorUrl: null')
    expect(start).not.toMatch(/https?:/)
  })

  it('may load nothing from anywhere else', async () => {
    const policy = (await fetch(`${app.url}/api/v3/`)).headers.get('content-security-policy') ?? ''

    expect(policy).toContain("default-src 'self'")
    expect(policy).not.toMatch(/script-src|connect-src/)
  })
})

function at(value: unknown, reference: string): unknown {
  const keys = reference.slice(2).split('/')
  return keys.reduce<unknown>((parent, key) => (parent as Record<string, unknown> | undefined)?.[key], value)
}
