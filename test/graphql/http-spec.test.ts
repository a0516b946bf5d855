import { serverAudits } from 'graphql-http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApp, type TestApp } from '../support/test-app.ts'

let app: TestApp

beforeAll(async () => {
  app = await startTestApp()
})

afterAll(() => app.close())

/** The server has a short way for plain requests, and a long one for all others: both keep to the specification. */
const ways = [
  ['plainly', (init: RequestInit) => init],
  ['with extensions, which no plain request has', withExtensions],
] as const

describe.each(ways)('GraphQL over HTTP, asked %s', (_, spell) => {
  const audits = serverAudits({
    url: () => `${app.url}/graphql`,
    fetchFn: (url: string, init: RequestInit = {}) => fetch(url, spell(init)),
  })

  it.each(audits.map((audit) => [audit.name, audit] as const))('%s', async (_name, audit) => {
    expect(await audit.fn()).toMatchObject({ status: 'ok' })
  })
})

function withExtensions(init: RequestInit): RequestInit {
  const parameters: unknown = readJson(init.body)
  if (typeof parameters !== 'object' || parameters === null) return init
  return { ...init, body: JSON.stringify({ extensions: {}, ...parameters }) }
}

function readJson(body: RequestInit['body']): unknown {
  try {
    return JSON.parse(String(body))
  } catch {
    return undefined
  }
}
