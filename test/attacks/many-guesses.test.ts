import { expect, it } from 'vitest'
import { mostGuesses } from '../../src/operations/guess-limiter.ts'
import { Browser as SocketBrowser } from '../support/browser.ts'
import { GraphQLJourney } from '../support/graphql-journey.ts'
import type { JourneyClient } from '../support/journey-view.ts'
import { describeJourneys, type Ground, signIn } from '../support/journeys.ts'
import { RestJourney } from '../support/rest-journey.ts'
import { setUpTotp } from '../support/second-factors.ts'
import { socketClient } from '../support/streams.ts'

const guesses = Array.from({ length: 20 }, (_, index) => String(index).padStart(6, '0'))

/** Somebody who is asked for a code, twice over. */
async function asked<Client extends JourneyClient>(ground: Ground, Face: new (url: string) => Client) {
  const ada = await ground.person()
  const { codeNow } = await setUpTotp(ground, ada)
  const { slug } = await ground.flow({
    stages: [
      { kind: 'identification' },
      { kind: 'password' },
      { kind: 'authenticator_validate', config: { totpOtpThrottlingFactor: 0 } },
      { kind: 'user_login' },
    ],
  })
  const client = new Face(ground.app.url)
  expect(await signIn(client, slug, ada)).toMatchObject({ kind: 'authenticator_validate' })
  return { ada, client, slug, codeNow }
}

/** How many guesses about somebody were judged. */
async function judged(ground: Ground, userId: number) {
  const { failures } = await ground.prisma.authenticator.findFirstOrThrow({ where: { userId } })
  return { failures, events: await ground.events('login_failed', userId) }
}

const none = { failures: 0, events: 0 }

describeJourneys('many guesses at once', (ground) => {
  it('do not fit into one operation, whether by aliases or by a list of operations', async () => {
    const { ada, client, codeNow } = await asked(ground, GraphQLJourney)
    const { id, stepToken } = client.step ?? {}
    const codes = [...guesses, codeNow()]
    const respond = (code: string) =>
      `respond(input: { executionId: "${id}", stepToken: "${stepToken}", response: { authenticatorValidate: { code: "${code}" } } }) { __typename }`
    const aliases = `mutation { ${codes.map((code, index) => `a${index}: ${respond(code)}`).join(' ')} }`
    const batch = codes.slice(-5).map((code) => ({ query: `mutation { ${respond(code)} }` }))
    const operations = codes.map((code, index) => `mutation M${index} { ${respond(code)} }`).join(' ')

    expect(await client.query(aliases)).toMatchObject({ errors: [{ extensions: { code: 'ONE_SUBMIT_PER_OPERATION' } }] })
    for (const json of [batch, { query: operations }])
      expect((await client.send('POST', '/graphql', { json })).status).toBeGreaterThanOrEqual(400)
    expect(await client.whoAmI()).toBeUndefined()
    expect(await judged(ground, ada.id)).toEqual(none)
    expect(await client.answer('authenticator_validate', { code: codeNow() })).toMatchObject({ kind: 'redirect' })
  })

  it('do not fit into one code', async () => {
    for (const Face of [GraphQLJourney, RestJourney]) {
      const { ada, client, codeNow } = await asked<GraphQLJourney | RestJourney>(ground, Face)
      for (const code of [[...guesses, codeNow()], { $in: [codeNow()] }, [...guesses, codeNow()].join(' '), `${codeNow()}\0`]) {
        const { kind } = await client.answer('authenticator_validate', { code })
        expect(['authenticator_validate', 'problem']).toContain(kind)
      }
      expect(await client.whoAmI()).toBeUndefined()
      expect((await judged(ground, ada.id)).failures).toBeLessThanOrEqual(1)
    }
  })

  it('are not taken from a socket', async () => {
    const { ada, client, codeNow } = await asked(ground, GraphQLJourney)
    const socket = await socketClient(new SocketBrowser(ground.app.url), { cookie: client.jar.header() })
    const input = {
      executionId: client.step?.id,
      stepToken: client.step?.stepToken,
      response: { authenticatorValidate: { code: codeNow() } },
    }
    const query = 'mutation ($input: RespondInput!) { respond(input: $input) { __typename } }'

    await expect(socket.iterate({ query, variables: { input } }).next()).rejects.toMatchObject([
      { extensions: { code: 'SUBSCRIPTIONS_ONLY' } },
    ])
    await socket.dispose()
    expect(await client.whoAmI()).toBeUndefined()
    expect(await judged(ground, ada.id)).toEqual(none)
  })

  it.each([
    ['GraphQL', GraphQLJourney],
    ['REST', RestJourney],
  ] as const)('in one sign-in are one guess, over %s', async (_, Face) => {
    const { ada, client } = await asked<GraphQLJourney | RestJourney>(ground, Face)
    const twins = guesses.slice(0, 8).map(() => client.twin())

    await Promise.all(twins.map((twin, index) => twin.submit('authenticator_validate', { code: guesses[index] })))

    const { failures, events } = await judged(ground, ada.id)
    expect(failures).toBe(events)
    // A step is answered once; over REST, which names no step, those that come after count as well.
    if (Face === GraphQLJourney) expect(events).toBe(1)
    else expect(events).toBeLessThanOrEqual(8)
  })

  it('are counted once each, whichever way they come, and come to an end together', async () => {
    const ada = await ground.person()
    const password = {
      kind: 'password',
      config: { backends: ['authentik.core.auth.InbuiltBackend'], failedAttemptsBeforeCancel: 0 },
    }
    const { slug } = await ground.flow({ stages: [{ kind: 'identification' }, password, { kind: 'user_login' }] })
    const clients = [GraphQLJourney, RestJourney, GraphQLJourney, RestJourney].map((Face) => new Face(ground.app.url))
    for (const client of clients) {
      await client.start(slug)
      await client.answer('identification', { uidField: ada.username })
    }
    const refusals: (string | undefined)[] = []
    for (let round = 0; round < 9; round += 1) {
      const replies = await Promise.all(
        clients.map((client, index) => client.answer('password', { password: `${round} ${index}` })),
      )
      refusals.push(...replies.map(({ problem }) => problem?.code))
    }

    expect(refusals.filter((code) => code === 'TOO_MANY_ATTEMPTS')).toHaveLength(9 * clients.length - mostGuesses)
    expect(await ground.events('login_failed', ada.id)).toBe(mostGuesses)
    for (const client of clients) {
      expect((await client.answer('password', { password: ada.password })).problem?.code).toBe('TOO_MANY_ATTEMPTS')
      expect(await client.whoAmI()).toBeUndefined()
    }
  })
})
