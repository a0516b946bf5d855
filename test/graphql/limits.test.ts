import { request } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { operationLimits } from '../../src/graphql/limits.ts'
import { largestBody } from '../../src/http/body.ts'
import { Browser, type Reply } from '../support/browser.ts'
import { seedFlow } from '../support/seed.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'

let app: TestApp
let browser: Browser

beforeAll(async () => {
  app = await startTestApp()
  await seedFlow(app.database, { slug: 'tour', stages: [{ kind: 'dummy' }] })
})

beforeEach(() => {
  browser = new Browser(app.url)
})

afterAll(() => app.close())

const repeat = (count: number, part: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => part(index)).join(' ')

describe('how large an operation may be', () => {
  const { aliases, depth, directives, tokens } = operationLimits

  it.each([
    ['deep', `{ ${repeat(depth, () => 'viewer {')} id ${'}'.repeat(depth + 1)}`, 'Query depth limit of 12 exceeded'],
    ['long', `{ viewer { user { ${repeat(tokens, () => 'id')} } } }`, 'Token limit of 5000 exceeded'],
    ['full of aliases', `{ viewer { user { ${repeat(aliases + 1, (i) => `a${i}: id`)} } } }`, 'Aliases limit of 30 exceeded'],
    [
      'full of directives',
      `{ viewer { user { id ${repeat(directives + 1, () => '@skip(if: false)')} } } }`,
      'Directives limit of 30',
    ],
    [
      'cheap to write and dear to answer',
      `{ viewer { sessions { ${repeat(200, () => '...F')} } } } fragment F on Session { ${repeat(120, () => 'id')} }`,
      'Query Cost limit of 50000 exceeded',
    ],
  ])('is bounded: one that is too %s is refused', async (_, query, message) => {
    const reply = await browser.graphql(query)

    expect(reply.data).toBeUndefined()
    expect(reply.errors?.map((error) => error.message)).toContainEqual(expect.stringContaining(message))
  })

  it('leaves room for what pages ask', async () => {
    const step = await browser.start('tour')

    expect(await browser.answer(step, { dummy: {} })).toMatchObject({ status: 'FINISHED' })
  })
})

describe('how many answers an operation may hold', () => {
  const start = (alias: string) => `${alias}: startFlow(input: { slug: "tour" }) { __typename }`

  it.each([
    ['aliases', `mutation { ${start('a')} ${start('b')} }`],
    ['fragments', `mutation { ...A ...B } fragment A on Mutation { ${start('a')} } fragment B on Mutation { ${start('b')} }`],
    [
      'fragments of fragments',
      `mutation { ...A } fragment A on Mutation { ${start('a')} ...B } fragment B on Mutation { ${start('b')} }`,
    ],
    ['nested inline fragments', `mutation { ... { ... on Mutation { ... { ${start('a')} } ${start('b')} } } }`],
    ['a second field that is skipped', `mutation { ${start('a')} ... @skip(if: true) { ${start('b')} } }`],
    ['another kind of mutation', `mutation { ${start('a')} revokeSession(id: "x") }`],
    ['an operation beside the chosen one', `mutation A { ${start('a')} ${start('b')} } query B { __typename }`],
  ])('is one: no second one comes with %s', async (_, query) => {
    const sessions = await app.database.prisma.session.count()
    const operationName = query.includes('query B') ? 'B' : undefined
    const reply = (await (await browser.post('/graphql', { query, operationName })).json()) as Reply

    expect(reply).toMatchObject({ errors: [{ extensions: { code: 'ONE_SUBMIT_PER_OPERATION' } }] })
    expect(await app.database.prisma.session.count()).toBe(sessions)
  })

  it('is that of the operation that is named', async () => {
    const query = `mutation A { ${start('a')} } mutation B { ${start('b')} } query C { __typename }`

    const first = await (await browser.post('/graphql', { query, operationName: 'B' })).json()
    const unnamed = await browser.post('/graphql', { query })

    expect(first).toEqual({ data: { b: { __typename: 'FlowExecution' } } })
    expect(await unnamed.json()).toMatchObject({ errors: [{ message: expect.stringContaining('operation') }] })
  })

  it('is not that of a list of operations', async () => {
    const query = `mutation { ${start('a')} }`
    const response = await browser.post('/graphql', [{ query }, { query }])

    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ errors: [{ message: expect.stringContaining('atching') }] })
    expect(await browser.cookieHeader()).toBe('')
  })
})

describe('how large a request may be', () => {
  const padded = (size: number) => {
    const body = JSON.stringify({ query: '{ __typename }' })
    return `${body}${' '.repeat(size - body.length)}`
  }

  it('is a mebibyte', async () => {
    const headers = { 'content-type': 'application/json' }
    const fits = await browser.fetch('/graphql', { method: 'POST', headers, body: padded(largestBody) })
    const tooLarge = await browser.fetch('/graphql', { method: 'POST', headers, body: padded(largestBody + 1) })

    expect(await fits.json()).toEqual({ data: { __typename: 'Query' } })
    expect(tooLarge.status).toBe(413)
    expect(await tooLarge.json()).toMatchObject({ errors: [{ extensions: { code: 'TOO_LARGE' } }] })
  })

  it('is that also when it does not say how large it is', async () => {
    expect(await statusOfChunked(padded(largestBody))).toBe(200)
    expect(await statusOfChunked(padded(largestBody + 1))).toBe(413)
  })
})

/** Sends a body in chunks, without a content-length. */
function statusOfChunked(body: string): Promise<number | undefined> {
  const headers = { 'content-type': 'application/json', 'transfer-encoding': 'chunked' }
  return new Promise((resolve, reject) => {
    const outgoing = request(`${app.url}/graphql`, { method: 'POST', headers }, (incoming) => {
      incoming.resume()
      resolve(incoming.statusCode)
    })
    outgoing.on('error', reject)
    for (let at = 0; at < body.length; at += 65_536) outgoing.write(body.slice(at, at + 65_536))
    outgoing.end()
  })
}
