import { afterAll, describe, expect, it } from 'vitest'
import { solveAltcha } from '../support/altcha-widget.ts'
import { GraphQLJourney } from '../support/graphql-journey.ts'
import { faces } from '../support/journey-clients.ts'
import type { JourneyClient, View } from '../support/journey-view.ts'
import { describeJourneys, signIn } from '../support/journeys.ts'
import { startMailServer } from '../support/mail-server.ts'
import { linkIn } from '../support/mailed-links.ts'
import { meetAtWrite } from '../support/meet-at-write.ts'
import { RestJourney } from '../support/rest-journey.ts'
import { appFor, setUpTotp } from '../support/second-factors.ts'
import type { SeedStage } from '../support/seed.ts'
import type { Account } from '../support/test-app.ts'

const before: readonly SeedStage[] = [{ kind: 'identification' }, { kind: 'password' }]
const login: SeedStage = { kind: 'user_login' }
const factor = (kind: string): SeedStage => ({ kind: 'authenticator_validate', config: { deviceClasses: [kind] } })

const mails = await startMailServer()
afterAll(() => mails.close())

describeJourneys(
  'a code of something else',
  (ground) => {
    describe.each(faces)('over %s', (_, Client) => {
      const visit = () => new Client(ground.app.url)
      const nextCode = async () => /^\d{6}$/m.exec((await mails.next()).text ?? '')?.[0] ?? 'none'
      const answerCode = (client: JourneyClient, code: string) => client.answer('authenticator_validate', { code })

      /** Somebody who gets codes by mail. */
      async function withMailbox(): Promise<Account> {
        const person = await ground.person()
        const { slug } = await ground.flow({
          stages: [...before, { kind: 'authenticator_email', config: { useGlobalSettings: true } }, login],
        })
        const client = visit()
        await signIn(client, slug, person)
        await client.answer('authenticator_email', { code: await nextCode() })
        expect(await client.whoAmI()).toBe(person.username)
        return person
      }

      /** Asks for a code by mail, at the stage that is shown. */
      async function askCode(client: JourneyClient, shown: View): Promise<string> {
        const [selectedChallenge] = shown.fields.deviceChallenges as { deviceUid: string; deviceClass: string }[]
        await client.answer('authenticator_validate', {
          selectedChallenge: { device_uid: selectedChallenge?.deviceUid, device_class: selectedChallenge?.deviceClass },
        })
        return nextCode()
      }

      it('is none where it was mailed to somebody else, for another sign-in, or for the stage before', async () => {
        const [ada, mallory] = [await withMailbox(), await withMailbox()]
        const { slug } = await ground.flow({ stages: [...before, factor('email'), factor('email'), login] })
        const [client, elsewhere, thief] = [visit(), visit(), visit()]
        const asked = await signIn(client, slug, ada)
        const codes = {
          ofMallory: await askCode(thief, await signIn(thief, slug, mallory)),
          ofAnotherSignIn: await askCode(elsewhere, await signIn(elsewhere, slug, ada)),
          own: await askCode(client, asked),
        }
        // One in a million is the same by chance.
        for (const code of [codes.ofMallory, codes.ofAnotherSignIn].filter((one) => one !== codes.own)) {
          expect(await answerCode(client, code)).toMatchObject({ errors: [{ field: 'code' }] })
          ground.app.clock.advance(8)
        }
        const second = await answerCode(client, codes.own)
        expect(second).toMatchObject({ kind: 'authenticator_validate', errors: [] })
        expect(await answerCode(client, ` ${codes.own}`)).toMatchObject({ errors: [{ field: 'code' }] })

        expect(await client.whoAmI()).toBeUndefined()
        expect(await thief.whoAmI()).toBeUndefined()
      })

      it('is none where the secret of an app was shown to somebody else, or before', async () => {
        const [ada, mallory] = [await ground.person(), await ground.person()]
        const { slug } = await ground.flow({ stages: [...before, { kind: 'authenticator_totp' }, login] })
        const [client, elsewhere, thief] = [visit(), visit(), visit()]
        await signIn(client, slug, ada)
        const others = [await signIn(elsewhere, slug, ada), await signIn(thief, slug, mallory)]

        for (const shown of others) {
          const code = appFor(ground, shown.fields.configUrl).codeNow()
          expect(await client.answer('authenticator_totp', { code })).toMatchObject({
            errors: [{ message: 'Code does not match' }],
          })
        }
        expect(await ground.prisma.authenticator.count({ where: { userId: ada.id } })).toBe(0)
      })

      it('is none where it is of the app of somebody else', async () => {
        const [ada, mallory] = [await ground.person(), await ground.person()]
        await setUpTotp(ground, ada)
        const { codeNow } = await setUpTotp(ground, mallory)
        const { slug } = await ground.flow({ stages: [...before, factor('totp'), login] })
        const client = visit()
        await signIn(client, slug, ada)

        expect(await answerCode(client, codeNow())).toMatchObject({ errors: [{ field: 'code' }] })
        expect(await client.whoAmI()).toBeUndefined()
        expect(await ground.events('login_failed', ada.id)).toBe(1)
      })

      it('is none where it consents to what somebody else was asked', async () => {
        const ada = await ground.person()
        const { slug } = await ground.flow({ stages: [...before, { kind: 'consent' }, { kind: 'consent' }, login] })
        const [client, thief] = [visit(), visit()]
        const asked = await signIn(client, slug, ada)
        const { fields } = await signIn(thief, slug, ada)

        expect(await client.answer('consent', { token: fields.token })).toMatchObject({ errors: [{ field: 'token' }] })
        const again = await client.read()
        expect(again.fields.token).not.toBe(asked.fields.token)
        const second = await client.answer('consent', { token: again.fields.token })
        expect(second).toMatchObject({ kind: 'consent', errors: [] })
        expect(await client.answer('consent', { token: ` ${again.fields.token}` })).toMatchObject({
          errors: [{ field: 'token' }],
        })
        expect(await client.whoAmI()).toBeUndefined()
      })

      it('is none where it solves what somebody else was asked', async () => {
        const captcha = { kind: 'captcha', config: { provider: 'altcha', maxNumber: 4 } }
        const { slug } = await ground.flow({ stages: [captcha, captcha, { kind: 'dummy' }] })
        const [client, elsewhere] = [visit(), visit()]
        const [own, other] = [await client.start(slug), await elsewhere.start(slug)]
        const [mine, theirs] = [await solveAltcha(challengeOf(own)), await solveAltcha(challengeOf(other))]

        expect(await client.answer('captcha', { token: theirs })).toMatchObject({ errors: [{ field: 'token' }] })
        const renewed = await client.read()
        const solved = await client.answer('captcha', { token: await solveAltcha(challengeOf(renewed)) })
        expect(solved).toMatchObject({ kind: 'captcha', errors: [] })
        for (const token of [mine, theirs])
          expect(await client.answer('captcha', { token })).toMatchObject({ kind: 'captcha', errors: [{ field: 'token' }] })
      })

      it('is none where the link leads into another flow', async () => {
        const ada = await ground.person()
        const email: SeedStage = { kind: 'email', config: { useGlobalSettings: true } }
        const { slug } = await ground.flow({ stages: [{ kind: 'identification' }, email, login] })
        const other = await ground.flow({ stages: [{ kind: 'identification' }, email, login] })
        const client = visit()
        await client.start(slug)
        await client.answer('identification', { uidField: ada.username })
        const { query } = linkIn(await mails.next())
        const thief = visit()

        expect(await thief.start(other.slug, query)).toMatchObject({ kind: 'identification' })
        expect(await thief.start(slug, query.slice(0, -1))).toMatchObject({ kind: 'identification' })
        expect(await thief.start(slug, query)).toMatchObject({ kind: 'consent' })
      })
    })

    describe('the code of an app', () => {
      it('counts once in one sign-in, in two, and after it has set the app up', async () => {
        const ada = await ground.person()
        const { codeNow } = await setUpTotp(ground, ada)
        const { slug } = await ground.flow({ stages: [...before, factor('totp'), factor('totp'), login] })
        const client = new GraphQLJourney(ground.app.url)
        await signIn(client, slug, ada)

        expect(await answer(client, codeNow())).toMatchObject({ kind: 'authenticator_validate', errors: [] })
        expect(await answer(client, codeNow())).toMatchObject({ kind: 'authenticator_validate', errors: [{ field: 'code' }] })
        const single = await ground.flow({ stages: [...before, factor('totp'), login] })
        const other = new RestJourney(ground.app.url)
        await signIn(other, single.slug, ada)
        ground.app.clock.advance(2)
        expect(await answer(other, codeNow())).toMatchObject({ errors: [{ field: 'code' }] })
        expect([await client.whoAmI(), await other.whoAmI()]).toEqual([undefined, undefined])
      })

      it('counts once in two browsers at one instant, over GraphQL and REST', async () => {
        const ada = await ground.person()
        const { codeNow } = await setUpTotp(ground, ada)
        const { slug } = await ground.flow({ stages: [...before, factor('totp'), login] })
        const clients = [new GraphQLJourney(ground.app.url), new RestJourney(ground.app.url)]
        for (const client of clients) await signIn(client, slug, ada)
        meetAtWrite(ground.app.database, 2)

        await Promise.all(clients.map((client) => answer(client, codeNow())))

        const names = await Promise.all(clients.map((client) => client.whoAmI()))
        expect(names.filter(Boolean)).toEqual([ada.username])
      })
    })

    const answer = (client: JourneyClient, code: string) => client.answer('authenticator_validate', { code })
  },
  mails.env,
)

function challengeOf({ fields }: View): unknown {
  return (fields.altchaChallenge ?? fields.altcha ?? fields.challenge) as unknown
}
