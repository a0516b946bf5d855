import { Secret, TOTP } from 'otpauth'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { atDuo, type DuoSetting, equip, onceAsked, onceAt, pushed, withDuo } from '../support/duo-journey.ts'
import { startDuoServer } from '../support/duo-server.ts'
import { describeJourneys, type Ground } from '../support/journeys.ts'
import { nextStep, overSocket } from '../support/streams.ts'

const duo = await startDuoServer()
afterAll(() => duo.close())

const secret = Secret.fromUTF8('12345678901234567890').base32
const onlyTotp = { kind: 'authenticator_validate', config: { deviceClasses: ['totp'] } }

/** Somebody with Duo and an app who was sent a push. */
async function askedByDuo(ground: Ground, setting: DuoSetting = {}) {
  const signIn = await withDuo(ground, duo, setting)
  const app = await equip(ground, signIn.ada, 'totp', { secret, digits: 6 })
  const { browser, step } = await pushed(signIn, ground.app.url)
  const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: ground.app.clock.now().getTime() })
  return { ...signIn, browser, app, code, asked: await onceAsked(browser, step), who: signIn.ada.username }
}

describeJourneys(
  'somebody whom Duo asks',
  (ground) => {
    beforeAll(() => {
      duo.now = () => ground.app.clock.now()
    })

    it('may pass by a code of an app meanwhile, and what they approve then changes nothing', async () => {
      const { browser, asked, code, who } = await askedByDuo(ground, { behind: [onlyTotp, { kind: 'dummy' }] })
      const passed = await browser.reply(asked, { authenticatorValidate: { code } })
      expect(passed).toMatchObject({ challenge: { __typename: 'AuthenticatorValidateChallenge' }, waiting: null })
      const stream = await overSocket.listen(browser, asked.id)
      expect(await nextStep(stream)).toMatchObject({ sequence: passed.sequence })

      expect(duo.approve(who)).toBe(true)
      const wrong = await browser.reply(passed, { authenticatorValidate: { code: '000000' } })

      // Had the approval been heard, there would be a step between these two.
      expect(wrong).toMatchObject({ sequence: passed.sequence + 1, challenge: { __typename: 'AuthenticatorValidateChallenge' } })
      expect(await nextStep(stream)).toMatchObject({ sequence: wrong.sequence })
      await stream.return?.()
    })

    it.each([
      [
        'the action for it',
        async ({ browser, asked }: Awaited<ReturnType<typeof askedByDuo>>) => browser.act(asked, 'CHOOSE_ANOTHER'),
      ],
      [
        'naming it',
        async ({ browser, asked, app }: Awaited<ReturnType<typeof askedByDuo>>) =>
          browser.reply(asked, { authenticatorValidate: { selectedChallenge: { deviceClass: 'TOTP', deviceUid: app } } }),
      ],
    ])('may choose another way by %s, which every tab is told, and what they approve then changes nothing', async (_, turn) => {
      const moment = await askedByDuo(ground)
      const { browser, asked, who, code } = moment
      const tab = await overSocket.listen(browser, asked.id, asked.sequence)
      const told = nextStep(tab)
      const turned = await turn(moment)

      expect(turned).toMatchObject({ challenge: { __typename: 'AuthenticatorValidateChallenge' }, waiting: null })
      expect(turned.actions.map(({ type }) => type)).not.toContain('CHOOSE_ANOTHER')
      expect(await told).toMatchObject({ sequence: turned.sequence })
      duo.approve(who)
      const wrong = await browser.reply(turned, { authenticatorValidate: { code: '000000' } })
      expect(wrong).toMatchObject({ sequence: turned.sequence + 1, challenge: { __typename: 'AuthenticatorValidateChallenge' } })
      ground.app.clock.advance(2)
      expect(await browser.reply(wrong, { authenticatorValidate: { code } })).toMatchObject({
        challenge: { __typename: 'DummyChallenge' },
      })
      await tab.return?.()
    })

    it('may go back, begin anew or give up, and what they approve then changes nothing', async () => {
      const lands = { BACK: 'PasswordChallenge', RESTART: 'IdentificationChallenge', CANCEL: 'RedirectChallenge' }
      for (const [action, kind] of Object.entries(lands)) {
        const { browser, asked, who } = await askedByDuo(ground)
        const left = await browser.act(asked, action)
        expect(left).toMatchObject({ challenge: { __typename: kind }, waiting: null })

        duo.approve(who)

        expect(await browser.read(asked)).toEqual(left)
      }
    })

    it('goes on waiting after a wrong code, and passes when they approve', async () => {
      const { browser, asked, who } = await askedByDuo(ground)
      const wrong = await browser.reply(asked, { authenticatorValidate: { code: '000000' } })

      expect(wrong.challenge.responseErrors).toMatchObject([{ code: 'invalid' }])
      expect(wrong.waiting).toEqual(asked.waiting)
      duo.approve(who)
      await onceAt(browser, asked)
      expect(duo.pushes(who)).toHaveLength(1)
    })

    it('is heard by their other execution alone', async () => {
      const signIn = await withDuo(ground, duo)
      const one = await pushed(signIn, ground.app.url)
      const { browser, asked: other } = await atDuo(signIn, ground.app.url)
      await duo.asked(signIn.ada.username)
      duo.approve(signIn.ada.username)

      await onceAt(one.browser, one.step)
      expect((await browser.read(other)).challenge).toEqual(other.challenge)
    })
  },
  duo.env,
)
