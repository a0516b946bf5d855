import { afterAll, describe, expect, it } from 'vitest'
import { camelCase, snakeCase } from '../../src/shapes/names.ts'
import { stages } from '../../src/stages/index.ts'
import { askingConfig } from '../contract/samples.ts'
import type { GraphQLJourney } from '../support/graphql-journey.ts'
import { faces } from '../support/journey-clients.ts'
import { describeJourneys, type Ground, signIn } from '../support/journeys.ts'
import { providerClient, startOpenIdProvider } from '../support/openid-provider.ts'
import { RestJourney } from '../support/rest-journey.ts'
import { setUpTotp } from '../support/second-factors.ts'
import { type SeedStage, seedPrompts } from '../support/seed.ts'

/** What passes by an answer alone, because there is nothing to say in one: it asks for no proof. */
const passedByAnyAnswer = ['authenticator_static', 'dummy']

const asking = stages.filter(({ response }) => response)
const provider = await startOpenIdProvider(['http://localhost:9000/source/oauth/callback/empty/'])
afterAll(() => provider.close())

describeJourneys('an empty answer', (ground) => {
  describe.each(faces)('over %s', (_, Client) => {
    it.each(asking.map(({ kind }) => kind))('signs nobody in by the kind %s', async (kind) => {
      const ada = await ground.person()
      if (kind === 'authenticator_validate') await setUpTotp(ground, ada)
      const { slug } = await ground.flow({ stages: await stagesWith(ground, kind) })
      const client = new Client(ground.app.url)
      if (kind === 'password' || kind === 'identification') {
        await client.start(slug)
        if (kind === 'password') await client.answer('identification', { uidField: ada.username })
      } else await signIn(client, slug, ada)
      const shown = await client.read()
      // authentik's clients know a source by where it leads only.
      expect([kind, kind === 'source' ? 'redirect' : kind]).toContain(shown.kind)

      const statuses = await emptyAnswers(client, kind, () => ground.app.clock.advance(6))

      expect(statuses.filter((status) => status >= 500)).toEqual([])
      if (!passedByAnyAnswer.includes(kind)) expect((await client.read()).kind).toBe(shown.kind)
      expect(await client.whoAmI()).toBe(passedByAnyAnswer.includes(kind) ? ada.username : undefined)
    })
  })
})

it('is the only answer there is to a few kinds', () => {
  const without = asking.filter(({ response }) => Object.keys(response?.shape ?? {}).length === 0)
  // A mail is passed by its link alone, and a telephone by what is done with it; an answer asks how that stands.
  expect(without.map(({ kind }) => kind).sort()).toEqual([...passedByAnyAnswer, 'authenticator_duo', 'email'].sort())
})

/** A flow that would sign somebody in as soon as that kind is passed. */
async function stagesWith(ground: Ground, kind: string): Promise<readonly SeedStage[]> {
  const definition = stages.find((stage) => stage.kind === kind)
  if (!definition) throw new Error(`There is no kind ${kind}.`)
  const [who, secret, login] = [{ kind: 'identification' }, { kind: 'password' }, { kind: 'user_login' }]
  if (kind === 'identification') return [who, login]
  if (kind === 'password') return [who, secret, login]
  const config = { ...askingConfig(definition), ...(await named(ground, kind)) }
  return kind === 'user_login' ? [who, secret, { kind, config }] : [who, secret, { kind, config }, login]
}

/** What its config has to name. */
async function named(ground: Ground, kind: string): Promise<object> {
  if (kind === 'prompt') return { fields: await seedPrompts(ground.app.database, [{ fieldKey: 'name', type: 'text' }]) }
  if (kind !== 'source') return {}
  const { id: consumerKey, secret: consumerSecret } = providerClient
  const config = { slug: 'empty', consumerKey, consumerSecret, oidcWellKnownUrl: provider.wellKnownUrl }
  const name = `empty ${Math.random()}`
  return { source: (await ground.prisma.stageObject.create({ data: { name, kind: 'oauth_source', config } })).id }
}

/** Sends everything that says nothing; the statuses of the replies. */
async function emptyAnswers(client: GraphQLJourney | RestJourney, kind: string, pause: () => void): Promise<number[]> {
  const fields = Object.keys(stages.find((stage) => stage.kind === kind)?.response?.shape ?? {})
  const nothings = [null, '', [], {}, 0]
  const answers: unknown[] = [{}, null, [], '', ...fields.flatMap((field) => nothings.map((value) => ({ [field]: value })))]
  const statuses: number[] = []
  for (const answer of answers) {
    pause()
    if (client instanceof RestJourney) {
      statuses.push((await client.send('POST', client.path, { json: onWire(answer) })).status)
      continue
    }
    await client.read()
    const { id: executionId, stepToken } = client.step ?? {}
    const query = 'mutation ($input: RespondInput!) { respond(input: $input) { __typename } }'
    for (const response of [{ [camelCase(kind)]: answer }, answer]) {
      const variables = { input: { executionId, stepToken, response } }
      statuses.push((await client.send('POST', '/graphql', { json: { query, variables } })).status)
    }
  }
  return statuses
}

function onWire(answer: unknown): unknown {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return answer
  return Object.fromEntries(Object.entries(answer).map(([name, value]) => [snakeCase(name), value]))
}
