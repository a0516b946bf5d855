import { describe, expect, it } from 'vitest'
import { faces } from '../support/journey-clients.ts'
import type { JourneyClient } from '../support/journey-view.ts'
import { describeJourneys, type Ground, oneScreenSignIn, signIn } from '../support/journeys.ts'
import type { Account } from '../support/test-app.ts'

describeJourneys('signing in', (ground) => {
  describe.each(faces)('over %s', (_, Client) => {
    const visit = () => new Client(ground.app.url)

    it('asks who it is, asks for the password, and leads to the start page', async () => {
      const [{ slug }, ada] = [await ground.flow(), await ground.person()]
      const client = visit()

      const asked = await client.start(slug)
      const named = await client.answer('identification', { uidField: ada.email })
      const done = await client.answer('password', { password: ada.password })

      expect(asked).toMatchObject({ kind: 'identification', component: 'ak-stage-identification', errors: [] })
      expect(asked.fields).toMatchObject({ userFields: ['email', 'username'], primaryAction: 'Log in', passwordFields: false })
      expect(named).toMatchObject({ kind: 'password', component: 'ak-stage-password', fields: { pendingUser: ada.username } })
      expect(done).toMatchObject({ kind: 'redirect', to: '/', fields: { finalRedirect: true } })
      expect(await client.whoAmI()).toBe(ada.username)
      expect(await ground.events('login', ada.id)).toBe(1)
    })

    it('says what is wrong with a password, and takes the right one after it', async () => {
      const [{ slug }, ada] = [await ground.flow(), await ground.person()]
      const client = visit()
      await client.start(slug)
      await client.answer('identification', { uidField: ada.username })

      const blank = await client.answer('password', { password: '' })
      const wrong = await client.answer('password', { password: 'a guess' })

      expect(blank.errors).toEqual([{ field: 'password', message: 'This field may not be blank.', code: 'blank' }])
      expect(wrong).toMatchObject({ kind: 'password', fields: { pendingUser: ada.username } })
      expect(wrong.errors).toEqual([{ field: 'password', message: 'Invalid password', code: 'invalid' }])
      expect(await client.whoAmI()).toBeUndefined()

      expect(await client.answer('password', { password: ada.password })).toMatchObject({ kind: 'redirect', to: '/' })
      expect(await client.whoAmI()).toBe(ada.username)
    })

    it('asks again who it is when nothing was typed', async () => {
      const { slug } = await ground.flow()
      const client = visit()
      await client.start(slug)

      const refused = await client.answer('identification', { uidField: '' })

      expect(refused.kind).toBe('identification')
      expect(refused.errors).toEqual([{ field: 'nonFieldErrors', message: 'No identification data provided.', code: 'invalid' }])
    })

    it.each([
      { showMatchedUser: false, typed: 'username' },
      { showMatchedUser: false, typed: 'email' },
      { showMatchedUser: true, typed: 'username' },
    ] as const)('treats a stranger like somebody known ($typed typed, matched user shown: $showMatchedUser)', async (given) => {
      const ada = await ground.person()
      const { slug } = await ground.flow({
        flow: { title: 'Hello %(user)s' },
        stages: [
          { kind: 'identification', config: { userFields: ['email', 'username'], showMatchedUser: given.showMatchedUser } },
          { kind: 'password', config: { backends: ['authentik.core.auth.InbuiltBackend'], failedAttemptsBeforeCancel: 2 } },
          { kind: 'user_login' },
        ],
      })

      const known = await guesses(visit(), slug, ada[given.typed])
      const unknown = await guesses(visit(), slug, given.typed === 'email' ? 'nobody@example.test' : 'nobody')

      expect(known.map(({ kind }) => kind)).toEqual(['identification', 'password', 'password', 'access_denied'])
      expect(known[1]).toMatchObject({ title: 'Hello <typed>', fields: { pendingUser: '<typed>' } })
      expect(unknown).toEqual(known)
    })

    it('never lets a stranger in, not even one whose flow asks for no password', async () => {
      const { slug } = await ground.flow({ stages: [{ kind: 'identification' }, { kind: 'user_login' }] })
      const client = visit()
      await client.start(slug)

      expect(await client.answer('identification', { uidField: 'nobody' })).toMatchObject({ denied: 'Unknown error' })
      expect(await client.whoAmI()).toBeUndefined()
    })

    it('tells strangers apart at once where that is configured', async () => {
      const config = { userFields: ['username'], pretendUserExists: false }
      const { slug } = await ground.flow({ stages: [{ kind: 'identification', config }, { kind: 'password' }] })
      const client = visit()
      await client.start(slug)

      const refused = await client.answer('identification', { uidField: 'nobody' })

      expect(refused.errors).toEqual([{ field: 'nonFieldErrors', message: 'Failed to authenticate.', code: 'invalid' }])
    })

    it('takes the right password of a disabled account for a wrong one', async () => {
      const [{ slug }, gone, ada] = [await ground.flow(), await ground.person({ isActive: false }), await ground.person()]
      const [disabled, wrong] = [visit(), visit()]

      const refused = await signIn(disabled, slug, gone)
      const mistyped = await signIn(wrong, slug, { ...ada, password: 'a guess' })

      expect(refused).toEqual(JSON.parse(JSON.stringify(mistyped).replaceAll(ada.username, gone.username)))
      expect(await disabled.whoAmI()).toBeUndefined()
    })

    it('takes the password of an account that was deleted meanwhile for a wrong one', async () => {
      const [{ slug }, ada] = [await ground.flow(), await ground.person()]
      const client = visit()
      await client.start(slug)
      await client.answer('identification', { uidField: ada.username })
      await ground.prisma.user.delete({ where: { id: ada.id } })

      const refused = await client.answer('password', { password: ada.password })

      expect(refused).toMatchObject({ kind: 'password', errors: [{ message: 'Invalid password' }] })
    })

    it('refuses an account that is disabled between the password and the sign-in', async () => {
      const ada = await ground.person()
      const login = { kind: 'user_login', config: { rememberMeOffset: 'days=1' } }
      const { slug } = await ground.flow({ stages: [{ kind: 'identification' }, { kind: 'password' }, login] })
      const client = visit()
      expect(await signIn(client, slug, ada)).toMatchObject({ kind: 'user_login' })

      await disable(ground, ada)

      expect(await client.answer('user_login', { rememberMe: true })).toMatchObject({ denied: 'Unknown error' })
      expect(await client.whoAmI()).toBeUndefined()
    })

    it('ends every session of an account at once when it is disabled', async () => {
      const [{ slug }, ada] = [await ground.flow(), await ground.person()]
      const [desk, phone] = [visit(), visit()]
      await signIn(desk, slug, ada)
      await signIn(phone, slug, ada)
      const { slug: settings } = await ground.flow({
        flow: { authentication: 'require_authenticated' },
        stages: [{ kind: 'dummy' }],
      })
      expect(await desk.start(settings)).toMatchObject({ kind: 'dummy' })

      await disable(ground, ada)

      expect(await desk.whoAmI()).toBeUndefined()
      expect(await phone.whoAmI()).toBeUndefined()
      const stuck = await desk.answer('dummy')
      expect(stuck.problem?.code ?? stuck.denied).toMatch(/^(EXECUTION_NOT_FOUND|Flow does not apply to current user.)$/)
      expect(await phone.start(settings)).toMatchObject({ denied: 'Flow does not apply to current user.' })
    })

    it('leads on who is signed in already, and keeps them from enrolling again', async () => {
      const [{ slug }, ada] = [await ground.flow({ flow: { authentication: 'require_unauthenticated' } }), await ground.person()]
      const enrollment = await ground.flow({ flow: { designation: 'enrollment', authentication: 'require_unauthenticated' } })
      const client = visit()
      await signIn(client, slug, ada)

      expect(await client.start(slug)).toMatchObject({ kind: 'redirect', to: '/', fields: { finalRedirect: true } })
      expect(await client.start(slug, 'next=%2Fapps%2F')).toMatchObject({ kind: 'redirect', to: '/apps/' })
      expect(await client.start(enrollment.slug)).toMatchObject({ denied: 'Flow does not apply to current user.' })
    })
  })
})

describeJourneys('identification and password on one screen', (ground) => {
  describe.each(faces)('over %s', (_, Client) => {
    it('lets somebody in with one answer', async () => {
      const [slug, ada] = [await oneScreen(ground), await ground.person()]
      const client = new Client(ground.app.url)

      expect(await client.start(slug)).toMatchObject({ fields: { passwordFields: true, allowShowPassword: true } })
      expect(await client.answer('identification', { uidField: ada.username, password: ada.password })).toMatchObject({ to: '/' })
      expect(await client.whoAmI()).toBe(ada.username)
    })

    it('says the same to a wrong password, a missing one and a stranger, and ends with the last attempt', async () => {
      const [slug, ada] = [await oneScreen(ground), await ground.person()]
      const refusals = async (uidField: string) => {
        const client = new Client(ground.app.url)
        await client.start(slug)
        const wrong = await client.answer('identification', { uidField, password: 'a guess' })
        const missing = await client.answer('identification', { uidField })
        const last = await client.answer('identification', { uidField, password: 'another guess' })
        return named([wrong, missing, last], uidField)
      }

      const [wrong, missing, last] = await refusals(ada.username)

      const failed = [{ field: 'nonFieldErrors', message: 'Failed to authenticate.', code: 'invalid' }]
      expect(wrong).toMatchObject({ kind: 'identification', errors: failed })
      expect(missing).toEqual(wrong)
      expect(last).toMatchObject({ denied: 'Failed to authenticate.' })
      expect(await refusals('nobody')).toEqual([wrong, missing, last])
    })
  })
})

async function oneScreen(ground: Ground): Promise<string> {
  const stages = await oneScreenSignIn(ground, { failedAttemptsBeforeCancel: 3, allowShowPassword: true })
  return (await ground.flow({ stages })).slug
}

/** All that is shown to somebody who does not know the password. */
async function guesses(client: JourneyClient, slug: string, typed: string) {
  const shown = [
    await client.start(slug),
    await client.answer('identification', { uidField: typed }),
    await client.answer('password', { password: 'a guess' }),
    await client.answer('password', { password: 'another guess' }),
  ]
  return named(shown, typed)
}

/** The views as if everybody had typed the same. */
function named<Shown>(shown: Shown, typed: string): Shown {
  return JSON.parse(JSON.stringify(shown).replaceAll(typed, '<typed>'))
}

async function disable(ground: Ground, { id }: Account): Promise<void> {
  await ground.prisma.user.update({ where: { id }, data: { isActive: false } })
}
