import { Secret, TOTP } from 'otpauth'
import { describe, expect, it } from 'vitest'
import { faces } from '../support/journey-clients.ts'
import type { JourneyClient, View } from '../support/journey-view.ts'
import { describeJourneys, type Ground, signIn } from '../support/journeys.ts'
import { meetAtWrite } from '../support/meet-at-write.ts'
import type { SeedStage } from '../support/seed.ts'
import type { Account } from '../support/test-app.ts'

const beforeFactor: readonly SeedStage[] = [{ kind: 'identification' }, { kind: 'password' }]
const wrong = 'Invalid Token. Please ensure the time on your device is accurate and try again.'

/** Sign-in with a second factor, and a flow that sets one up. */
async function flowsFor(ground: Ground, config: object = {}, kind = 'authenticator_totp') {
  const setup = await ground.flow({
    stages: [{ kind }],
    flow: { designation: 'stage_configuration', authentication: 'require_authenticated' },
  })
  const plain = await ground.flow()
  const strong = await ground.flow({
    stages: [...beforeFactor, { kind: 'authenticator_validate', config }, { kind: 'user_login' }],
  })
  return { setup: setup.slug, plain: plain.slug, strong: strong.slug }
}

describeJourneys('a second factor', (ground) => {
  describe.each(faces)('over %s', (_, Client) => {
    const codeOf = (secret: string) =>
      new TOTP({ secret: Secret.fromBase32(secret), digits: 6 }).generate({ timestamp: ground.app.clock.now().getTime() })

    /** Signs in with the password alone and sets up an app; the time moves on, so that its first code is spent. */
    async function setUpApp(slugs: { setup: string; plain: string }, person: Account): Promise<string> {
      const client = new Client(ground.app.url)
      await signIn(client, slugs.plain, person)
      const shown = await client.start(slugs.setup)
      const reloaded = await client.read()
      const secret = new URL(String(shown.fields.configUrl)).searchParams.get('secret') ?? ''
      expect(reloaded.fields).toEqual(shown.fields)
      expect(await client.answer('authenticator_totp', { code: '000000' })).toMatchObject({
        errors: [{ field: 'code', message: 'Code does not match' }],
      })
      expect(await client.answer('authenticator_totp', { code: codeOf(secret) })).toMatchObject({ kind: 'redirect' })
      ground.app.clock.advance(60)
      return secret
    }

    async function upToFactor(slug: string, person: Account): Promise<{ client: JourneyClient; asked: View }> {
      const client = new Client(ground.app.url)
      return { client, asked: await signIn(client, slug, person) }
    }

    it('is set up in an app, kept sealed, and asked for from then on', async () => {
      const [slugs, ada] = [await flowsFor(ground), await ground.person()]
      const secret = await setUpApp(slugs, ada)
      const row = await ground.prisma.authenticator.findFirstOrThrow({ where: { userId: ada.id } })
      const { client, asked } = await upToFactor(slugs.strong, ada)

      expect(JSON.stringify(row)).not.toContain(secret)
      expect(asked.kind).toBe('authenticator_validate')
      // GraphQL writes enum values in capitals.
      expect(JSON.stringify(asked.fields.deviceChallenges).toLowerCase()).toContain('"deviceclass":"totp"')
      expect(await client.whoAmI()).toBeUndefined()
      expect(await client.answer('authenticator_validate', { code: '000000' })).toMatchObject({
        errors: [{ field: 'code', message: wrong }],
      })
      ground.app.clock.advance(2)
      expect(await client.answer('authenticator_validate', { code: codeOf(secret) })).toMatchObject({ kind: 'redirect', to: '/' })
      expect(await client.whoAmI()).toBe(ada.username)
    })

    it('is proved by a code once, one after the other and at the same time', async () => {
      const [slugs, ada] = [await flowsFor(ground), await ground.person()]
      const secret = await setUpApp(slugs, ada)
      const browsers = await Promise.all([upToFactor(slugs.strong, ada), upToFactor(slugs.strong, ada)])
      meetAtWrite(ground.app.database, 2)
      const code = codeOf(secret)
      const replies = await Promise.all(browsers.map(({ client }) => client.answer('authenticator_validate', { code })))
      const names = await Promise.all(browsers.map(({ client }) => client.whoAmI()))

      expect(names.filter((name) => name === ada.username)).toHaveLength(1)
      expect(replies.flatMap(({ errors }) => errors)).toMatchObject([{ message: wrong }])
      const { client } = await upToFactor(slugs.strong, ada)
      expect(await client.answer('authenticator_validate', { code: codeOf(secret) })).toMatchObject({
        errors: [{ message: wrong }],
      })
    })

    it('slows down after a wrong code, even for the right one', async () => {
      const [slugs, ada] = [await flowsFor(ground), await ground.person()]
      const secret = await setUpApp(slugs, ada)
      const { client } = await upToFactor(slugs.strong, ada)
      await client.answer('authenticator_validate', { code: '111111' })

      expect(await client.answer('authenticator_validate', { code: codeOf(secret) })).toMatchObject({
        errors: [{ message: wrong }],
      })
      ground.app.clock.advance(1)
      // Another body than the refused one, so that it is no repeat of it.
      expect(await client.answer('authenticator_validate', { code: ` ${codeOf(secret)}` })).toMatchObject({ kind: 'redirect' })
    })

    it('is not the code of somebody else', async () => {
      const [slugs, ada, mallory] = [await flowsFor(ground), await ground.person(), await ground.person()]
      await setUpApp(slugs, ada)
      const theirs = await setUpApp(slugs, mallory)
      const { client } = await upToFactor(slugs.strong, ada)

      expect(await client.answer('authenticator_validate', { code: codeOf(theirs) })).toMatchObject({
        errors: [{ message: wrong }],
      })
    })

    it('cannot be gone round by starting over, by an empty answer, nor by an answer to another stage', async () => {
      const [slugs, ada] = [await flowsFor(ground), await ground.person()]
      await setUpApp(slugs, ada)
      const { client } = await upToFactor(slugs.strong, ada)

      await client.submit('authenticator_validate', {})
      await client.submit('password', { password: ada.password })
      await client.submit('user_login', {})
      expect(await client.whoAmI()).toBeUndefined()
      expect((await client.start(slugs.strong)).kind).not.toBe('redirect')
      expect(await client.whoAmI()).toBeUndefined()
    })

    it('may be a code on paper, each good for one sign-in', async () => {
      const [slugs, ada] = [await flowsFor(ground, {}, 'authenticator_static'), await ground.person()]
      const setup = new Client(ground.app.url)
      await signIn(setup, slugs.plain, ada)
      const [first] = (await setup.start(slugs.setup)).fields.codes as string[]
      await setup.answer('authenticator_static')

      const once = await upToFactor(slugs.strong, ada)
      expect(await once.client.answer('authenticator_validate', { code: first })).toMatchObject({ kind: 'redirect' })
      const twice = await upToFactor(slugs.strong, ada)
      expect(await twice.client.answer('authenticator_validate', { code: first })).toMatchObject({ errors: [{ message: wrong }] })
    })

    it('is skipped, refused or set up on the way, where there is none yet', async () => {
      const ada = await ground.person()
      const stage = await ground.prisma.stage.create({
        data: { name: `codes ${ada.username}`, kind: 'authenticator_static', config: {} },
      })
      const skipping = await flowsFor(ground)
      const denying = await flowsFor(ground, { notConfiguredAction: 'deny' })
      const configuring = await flowsFor(ground, { notConfiguredAction: 'configure', configurationStages: [stage.id] })

      expect((await upToFactor(skipping.strong, ada)).asked).toMatchObject({ kind: 'redirect' })
      expect((await upToFactor(denying.strong, ada)).asked).toMatchObject({
        denied: 'No (allowed) MFA authenticator configured.',
      })
      const { client, asked } = await upToFactor(configuring.strong, ada)
      expect(asked).toMatchObject({ kind: 'authenticator_static' })
      expect(await client.answer('authenticator_static')).toMatchObject({ kind: 'redirect' })
      expect(await ground.prisma.authenticator.count({ where: { userId: ada.id } })).toBe(1)
    })
  })
})
