import { describe, expect, it } from 'vitest'
import { mostGuesses } from '../../src/operations/guess-limiter.ts'
import { GraphQLJourney } from '../support/graphql-journey.ts'
import { faces } from '../support/journey-clients.ts'
import type { JourneyClient, View } from '../support/journey-view.ts'
import { describeJourneys, type Ground } from '../support/journeys.ts'

const backends = ['authentik.core.auth.InbuiltBackend']

describeJourneys('wrong passwords', (ground) => {
  describe.each(faces)('over %s', (_, Client) => {
    const begin = async (slug: string, username: string) => {
      const client = new Client(ground.app.url)
      await client.start(slug)
      await client.answer('identification', { uidField: username })
      return client
    }

    it('end the flow: the last attempt is answered by a refusal', async () => {
      const [slug, ada] = [await flowWithAttempts(ground, 3), await ground.person()]
      const client = await begin(slug, ada.username)

      const views = await guess(client, 3)

      expect(views.map(({ kind }) => kind)).toEqual(['password', 'password', 'access_denied'])
      expect(views[2]).toMatchObject({ denied: 'Invalid password', errors: [], fields: { pendingUser: ada.username } })
      expect(await ground.events('login_failed', ada.id)).toBe(3)
      expect(await ground.outcomes(slug)).toEqual(['denied'])
    })

    it('do not keep somebody out who begins anew', async () => {
      const [slug, ada] = [await flowWithAttempts(ground, 2), await ground.person()]
      await guess(await begin(slug, ada.username), 2)

      const client = await begin(slug, ada.username)

      expect(await client.answer('password', { password: ada.password })).toMatchObject({ kind: 'redirect' })
    })

    it('are no attempts when they are blank, missing or too long', async () => {
      const [slug, ada] = [await flowWithAttempts(ground, 1), await ground.person()]
      const client = await begin(slug, ada.username)

      expect(await client.answer('password', { password: '' })).toMatchObject({ errors: [{ code: 'blank' }] })
      expect(await client.answer('password', { password: 'x'.repeat(4097) })).toMatchObject({ errors: [{ code: 'max_length' }] })
      expect(await client.answer('password', { password: ada.password })).toMatchObject({ kind: 'redirect' })
    })

    it('are counted over a flow that they make start over', async () => {
      const [slug, ada] = [await flowWithAttempts(ground, 2, { invalidResponseAction: 'restart' }), await ground.person()]
      const client = await begin(slug, ada.username)

      expect(await client.answer('password', { password: 'a guess' })).toMatchObject({ kind: 'identification', errors: [] })
      await client.answer('identification', { uidField: ada.username })

      expect(await client.answer('password', { password: 'another guess' })).toMatchObject({ denied: 'Invalid password' })
    })

    it('have no limit where none is configured', async () => {
      const [slug, ada] = [await flowWithAttempts(ground, 0), await ground.person()]
      const client = await begin(slug, ada.username)

      const views = await guess(client, 7)

      expect(views.map(({ kind }) => kind)).toEqual(Array(7).fill('password'))
      expect(await client.answer('password', { password: ada.password })).toMatchObject({ kind: 'redirect' })
    })

    it('about one person are slowed down over all flows and sessions, even for who knows the password', async () => {
      const [slug, ada, bob] = [await flowWithAttempts(ground, 0), await ground.person(), await ground.person()]
      const first = await begin(slug, ada.username)
      await guess(first, mostGuesses - 1)
      const second = await begin(slug, ada.username)
      expect(await second.answer('password', { password: 'one more' })).toMatchObject({ kind: 'password' })

      const refused = await first.answer('password', { password: ada.password })

      expect(refused.problem?.code).toBe('TOO_MANY_ATTEMPTS')
      expect(refused.problem?.retryAfter).toBeGreaterThan(0)
      expect(refused.problem?.retryAfter).toBeLessThanOrEqual(300)
      expect((await second.answer('password', { password: 'a guess' })).problem?.code).toBe('TOO_MANY_ATTEMPTS')
      expect(await second.whoAmI()).toBeUndefined()
      // Nothing was judged, so that nothing is counted; the step stands as it was.
      expect(await ground.events('login_failed', ada.id)).toBe(mostGuesses)
      expect(await first.read()).toMatchObject({ kind: 'password' })

      const other = await begin(slug, bob.username)
      expect(await other.answer('password', { password: bob.password })).toMatchObject({ kind: 'redirect' })
    })

    it('about nobody are slowed down just the same', async () => {
      const slug = await flowWithAttempts(ground, 0)
      const nobody = `nobody of ${slug}`
      const client = await begin(slug, nobody)
      await guess(client, mostGuesses)

      expect((await client.answer('password', { password: 'one more' })).problem?.code).toBe('TOO_MANY_ATTEMPTS')
      const shouting = await begin(slug, nobody.toUpperCase())
      expect((await shouting.answer('password', { password: 'one more' })).problem?.code).toBe('TOO_MANY_ATTEMPTS')
    })

    it('are forgotten once the right one was given', async () => {
      const [slug, ada] = [await flowWithAttempts(ground, 0), await ground.person()]
      const client = await begin(slug, ada.username)
      await guess(client, mostGuesses - 1)
      await client.answer('password', { password: ada.password })

      const again = await begin(slug, ada.username)
      await guess(again, 2)

      expect(await again.answer('password', { password: ada.password })).toMatchObject({ kind: 'redirect' })
    })
  })

  it('are counted over an execution that people start over themselves', async () => {
    const [slug, ada] = [await flowWithAttempts(ground, 3), await ground.person()]
    const client = new GraphQLJourney(ground.app.url)
    await client.start(slug)
    await client.answer('identification', { uidField: ada.username })
    await guess(client, 2)

    await client.perform('RESTART')
    await client.answer('identification', { uidField: ada.username })

    expect(await client.answer('password', { password: 'one more' })).toMatchObject({ denied: 'Invalid password' })
  })

  it('get another step token each', async () => {
    const [slug, ada] = [await flowWithAttempts(ground, 3), await ground.person()]
    const client = new GraphQLJourney(ground.app.url)
    await client.start(slug)
    await client.answer('identification', { uidField: ada.username })
    const before = client.twin()

    await client.answer('password', { password: 'a guess' })

    expect(client.step?.stepToken).not.toBe(before.step?.stepToken)
    expect((await before.answer('password', { password: ada.password })).problem?.code).toBe('STALE_STEP')
    expect(await client.whoAmI()).toBeUndefined()
  })
})

/** Sign-in whose password stage ends with the attempt of this number. */
async function flowWithAttempts(ground: Ground, failedAttemptsBeforeCancel: number, binding: object = {}): Promise<string> {
  const password = { kind: 'password', config: { backends, failedAttemptsBeforeCancel }, binding }
  return (await ground.flow({ stages: [{ kind: 'identification' }, password, { kind: 'user_login' }] })).slug
}

/** So many wrong passwords, every one another. */
async function guess(client: JourneyClient, count: number): Promise<View[]> {
  const views: View[] = []
  for (let index = 1; index <= count; index += 1) views.push(await client.answer('password', { password: `guess ${index}` }))
  return views
}
