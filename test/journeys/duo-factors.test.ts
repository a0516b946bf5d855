import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { equip, onceAsked, onceAt, onceRefused, pushed, withDuo } from '../support/duo-journey.ts'
import { startDuoServer } from '../support/duo-server.ts'
import { faces } from '../support/journey-clients.ts'
import { describeJourneys, type Ground, signIn as upToDuo } from '../support/journeys.ts'
import type { WaitingBrowser, WaitingStep } from '../support/waiting-journey.ts'

const duo = await startDuoServer()
afterAll(() => duo.close())

const wrong = 'Invalid Token. Please ensure the time on your device is accurate and try again.'
const telephones = [
  { device: 'DPOLD', type: 'phone', display_name: 'Old phone', capabilities: ['auto', 'phone'] },
  { device: 'DPNEW', type: 'phone', display_name: 'New phone', capabilities: ['auto', 'push', 'phone'] },
  { device: 'DHTOKEN', type: 'token', name: '1234' },
]

/** What the entry of Duo tells of its device, as it stands. */
async function hint(browser: WaitingBrowser, { id }: WaitingStep): Promise<unknown> {
  const query = `query ($id: ID!) { flowExecution(id: $id) { challenge { ... on AuthenticatorValidateChallenge {
    deviceChallenges { deviceClass challenge } } } } }`
  const { data } = await browser.graphql<{ flowExecution: { challenge: { deviceChallenges: { challenge: unknown }[] } } }>(
    query,
    { id },
  )
  return data?.flowExecution.challenge.deviceChallenges[0]?.challenge
}

describeJourneys(
  'Duo',
  (ground: Ground) => {
    beforeAll(() => {
      duo.now = () => ground.app.clock.now()
    })

    describe.each(faces)('over %s', (_, Client) => {
      it('takes a passcode, once, and slows down after a wrong one', async () => {
        const { ada, slug } = await withDuo(ground, duo, { person: { passcodes: ['482913', '110022'] } })
        const client = new Client(ground.app.url)
        await upToDuo(client, slug, ada)

        expect(await client.answer('authenticator_validate', { code: '000000' })).toMatchObject({
          errors: [{ field: 'code', message: wrong }],
        })
        expect(await client.answer('authenticator_validate', { code: '482913' })).toMatchObject({ errors: [{ message: wrong }] })
        ground.app.clock.advance(2)
        expect(await client.answer('authenticator_validate', { code: '482 913' })).toMatchObject({ kind: 'dummy' })
        const again = new Client(ground.app.url)
        await upToDuo(again, slug, ada)
        expect(await again.answer('authenticator_validate', { code: '482913' })).toMatchObject({ errors: [{ message: wrong }] })
        expect(duo.pushes(ada.username)).toEqual([])
      })

      it('takes a passcode beside other codes only where it is named', async () => {
        const { ada, slug, duo: duoId } = await withDuo(ground, duo, { person: { passcodes: ['482913'] } })
        await equip(ground, ada, 'static', { codes: [] })
        const client = new Client(ground.app.url)
        await upToDuo(client, slug, ada)

        expect(await client.answer('authenticator_validate', { code: '482913' })).toMatchObject({ errors: [{ message: wrong }] })
        expect(await client.answer('authenticator_validate', { code: '482913', duo: duoId })).toMatchObject({ kind: 'dummy' })
      })
    })

    it('calls, where that is wanted', async () => {
      const signIn = await withDuo(ground, duo)
      const { browser, step } = await pushed(signIn, ground.app.url, { duoFactor: 'PHONE' })
      expect(await duo.asked(signIn.ada.username)).toMatchObject({ factor: 'phone' })
      duo.update(signIn.ada.username, { result: 'waiting', status: 'answered', status_msg: 'Answered.' })
      duo.approve(signIn.ada.username)

      await onceAt(browser, step)
    })

    it('tells what it can ask, and asks what was chosen', async () => {
      const signIn = await withDuo(ground, duo, { person: { devices: telephones } })
      const { browser, step } = await pushed(signIn, ground.app.url)
      expect(await duo.asked(signIn.ada.username)).toMatchObject({ device: 'DPOLD' })
      const asked = await onceAsked(browser, step)

      expect(await hint(browser, asked)).toEqual({
        devices: [
          { id: 'DPOLD', name: 'Old phone', factors: ['auto', 'phone'] },
          { id: 'DPNEW', name: 'New phone', factors: ['auto', 'push', 'phone'] },
          { id: 'DHTOKEN', name: '1234', factors: [] },
        ],
      })
      const other = { duo: signIn.duo, duoDevice: 'DPNEW', duoFactor: 'PUSH' }
      await browser.reply(asked, { authenticatorValidate: other })
      expect(await duo.asked(signIn.ada.username)).toMatchObject({ device: 'DPNEW', factor: 'push' })
      duo.approve(signIn.ada.username)
      await onceAt(browser, step)
    })

    it('hears no more of a push that another one has taken the place of', async () => {
      const signIn = await withDuo(ground, duo)
      const { browser, step } = await pushed(signIn, ground.app.url)
      const { txid } = await duo.asked(signIn.ada.username)
      const second = await browser.reply(await onceAsked(browser, step), {
        authenticatorValidate: { duo: signIn.duo, duoFactor: 'PHONE' },
      })
      await duo.asked(signIn.ada.username)
      const standing = await onceAsked(browser, second)
      duo.account.byId(txid)?.update({ result: 'allow', status: 'allow', status_msg: '' })

      expect(await browser.read(step)).toEqual(standing)
      duo.deny(signIn.ada.username)
      expect((await onceRefused(browser, step)).challenge.responseErrors).toMatchObject([{ code: 'denied' }])
    })

    it('shows the code that a verified push wants, and passes who types it there', async () => {
      const signIn = await withDuo(ground, duo, { person: { verifiedPush: true } })
      const { browser, step } = await pushed(signIn, ground.app.url)
      const { verificationCode } = await duo.asked(signIn.ada.username)
      await onceAsked(browser, step)

      expect(await hint(browser, step)).toMatchObject({ verification_code: verificationCode })
      expect(duo.approve(signIn.ada.username, 'another')).toBe(false)
      expect(duo.approve(signIn.ada.username, verificationCode)).toBe(true)
      await onceAt(browser, step)
    })

    it('may have its own mind about whether somebody passes', async () => {
      const allowed = await withDuo(ground, duo, { person: { preauth: 'allow' } })
      const one = await pushed(allowed, ground.app.url)
      await onceAt(one.browser, one.step)
      expect(await ground.events('configuration_warning', allowed.ada.id)).toBe(1)

      const refused = await withDuo(ground, duo, { person: { preauth: 'deny' } })
      const other = await pushed(refused, ground.app.url)
      expect((await onceRefused(other.browser, other.step)).challenge.responseErrors).toEqual([
        { message: 'Duo denied access', code: 'denied' },
      ])
      expect(duo.pushes(refused.ada.username)).toEqual([])
    })

    it('is not asked for again by a browser that showed it, for as long as is configured', async () => {
      const signIn = await withDuo(ground, duo, {
        validate: { lastAuthThreshold: 'hours=1' },
        behind: [{ kind: 'dummy' }],
        person: { reacts: { result: 'allow' } },
      })
      const { browser, step } = await pushed(signIn, ground.app.url)
      await onceAt(browser, step)
      const named = await browser.reply(await browser.begin(signIn.slug), { identification: { uidField: signIn.ada.username } })

      expect(await browser.reply(named, { password: { password: signIn.ada.password } })).toMatchObject({
        challenge: { __typename: 'DummyChallenge' },
      })
    })
  },
  duo.env,
)
