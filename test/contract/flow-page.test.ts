import { readFileSync } from 'node:fs'
import { buildSchema, isUnionType, parse, validate } from 'graphql'
import { expect, it } from 'vitest'
import { Browser } from '../support/browser.ts'
import { endOf, socketClient } from '../support/streams.ts'
import { startTestApp } from '../support/test-app.ts'

const assets = new URL('../../src/web/assets/flow/', import.meta.url)
const { operations, selections } = (await import(new URL('api.js', assets).href)) as {
  readonly operations: Readonly<Record<string, string>>
  readonly selections: object
}
const { screens } = (await import(new URL('screens.js', assets).href)) as { readonly screens: object }

const schema = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'))

it('the built-in page has screens for challenges that there are, and asks for what they show', () => {
  const union = schema.getType('StageChallenge')
  const members = isUnionType(union) ? union.getTypes().map(({ name }) => name) : []

  expect(members).toEqual(expect.arrayContaining(Object.keys(screens)))
  expect(Object.keys(screens).length).toBeGreaterThan(15)
  expect(Object.keys(selections).sort()).toEqual(Object.keys(screens).sort())
})

it.each(Object.entries(operations))('the built-in page asks for what the schema has: %s', (_, operation) => {
  expect(validate(schema, parse(operation))).toEqual([])
})

it('what the built-in page asks is within the limits of the server', async () => {
  const app = await startTestApp()
  const inputs: Record<string, unknown> = {
    start: { slug: 'none' },
    read: 'none',
    respond: { executionId: 'none', stepToken: 'none', response: { dummy: {} } },
    perform: { executionId: 'none', stepToken: 'none', action: 'CANCEL' },
  }
  const { watch = '', ...requests } = operations
  const socket = await socketClient(new Browser(app.url))
  const streamed = await endOf(socket.iterate({ query: watch, variables: { input: 'none' } }) as never)
  const told = await Promise.all(
    Object.entries(requests).map(async ([name, operation]) => {
      const { data, errors } = await new Browser(app.url).graphql(operation, { input: inputs[name] })
      return [
        name,
        errors?.map(({ extensions }) => extensions?.code),
        data && Object.values(data).map((one) => (one as { code?: string }).code),
      ]
    }),
  )
  await app.close()

  expect(streamed).toBe('EXECUTION_NOT_FOUND')
  expect(told).toEqual([
    ['start', undefined, ['FLOW_NOT_FOUND']],
    ['read', ['EXECUTION_NOT_FOUND'], null],
    ['respond', undefined, ['EXECUTION_NOT_FOUND']],
    ['perform', undefined, ['EXECUTION_NOT_FOUND']],
  ])
})
