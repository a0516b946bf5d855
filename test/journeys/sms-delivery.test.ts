import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { describeJourneys, signIn } from '../support/journeys.ts'
import { awaits, phoneStage, postponed, toldOf } from '../support/messages.ts'
import { RestJourney } from '../support/rest-journey.ts'
import { seedPrompts } from '../support/seed.ts'
import { type SmsWebhook, startSmsWebhook } from '../support/sms-webhook.ts'
import { nextStep, streamWays } from '../support/streams.ts'
import { WaitingBrowser } from '../support/waiting-journey.ts'

const words = 'We do not text there.'
const refused = { message: words, code: 'delivery-failed' }
const isForm = { kind: 'authenticator_sms' } as const

describeJourneys('a text message on its way', (ground) => {
  let webhook: SmsWebhook
  let made = 0
  beforeAll(async () => {
    webhook = await startSmsWebhook()
  })
  beforeEach(() => Object.assign(webhook, { status: 200, words: '', hold: undefined }))
  afterAll(() => webhook.close())

  /** A number that no other journey knows. */
  const newNumber = () => {
    made += 1
    return `+1555${String(made).padStart(7, '0')}`
  }
  const flow = () =>
    ground.flow({
      stages: [{ kind: 'identification' }, { kind: 'password' }, phoneStage(webhook), { kind: 'user_login' }],
    })

  /** Somebody who has just said their number. */
  async function texted() {
    const [{ slug }, person, number] = [await flow(), await ground.person(), newNumber()]
    const browser = new WaitingBrowser(ground.app.url)
    const named = await browser.reply(await browser.begin(slug), { identification: { uidField: person.username } })
    const asked = await browser.reply(named, { password: { password: person.password } })
    const step = await browser.reply(asked, { authenticatorSms: { phoneNumber: number } })
    return { person, number, browser, step }
  }

  describe.each(streamWays)('over $name', ({ listen }) => {
    it('is told at once to be queued, and to be refused in the words of the provider, who may take another', async () => {
      Object.assign(webhook, { status: 400, words: `{"message":"${words}"}` })
      const answer = Promise.withResolvers<void>()
      webhook.hold = answer.promise
      const { person, number, browser, step } = await texted()
      const stream = await listen(browser, step.id, step.sequence)
      expect(toldOf(step)).toEqual(awaits('AuthenticatorSmsChallenge', 'DELIVERY', 'QUEUED'))

      const next = nextStep(stream)
      answer.resolve()
      const failed = await next
      expect(toldOf(failed)).toMatchObject({ waiting: null, errors: [refused], resend: { enabled: true } })

      Object.assign(webhook, { status: 200, hold: undefined })
      const again = await browser.act(failed as never, 'RESEND')
      expect(toldOf(again)).toEqual(awaits('AuthenticatorSmsChallenge', 'DELIVERY', 'QUEUED'))
      expect((await nextStep(stream)).sequence).toBe(again.sequence)
      const sent = await nextStep(stream)
      expect(toldOf(sent)).toMatchObject({ waiting: null, errors: [] })
      const { Body: code } = await webhook.to(number, 2)
      expect(await browser.reply(sent as never, { authenticatorSms: { code } })).toMatchObject({ status: 'FINISHED' })
      expect(await browser.viewer()).toBe(person.username)
      await stream.return?.()
    })
  })

  it('may be answered before anybody knows that it was sent, and what is known later changes nothing', async () => {
    const answer = Promise.withResolvers<void>()
    webhook.hold = answer.promise
    const { number, browser, step, person } = await texted()
    const { Body: code } = await webhook.to(number)
    const done = await browser.reply(step, { authenticatorSms: { code } })
    expect(done).toMatchObject({ status: 'FINISHED' })

    webhook.status = 400
    answer.resolve()
    await expect.poll(() => ground.prisma.queuedMessage.count({ where: { executionId: step.id, state: 'failed' } })).toBe(1)
    expect(await browser.read(step)).toMatchObject({ status: 'FINISHED', sequence: done.sequence })
    expect(await ground.prisma.authenticator.count({ where: { userId: person.id, kind: 'sms' } })).toBe(1)
  })

  it('is sent again where the provider cannot now: the same code', async () => {
    webhook.status = 503
    const { number, browser, step } = await texted()
    await postponed(ground, step.id, 1)
    webhook.status = 200
    ground.app.clock.advance(1)
    ground.app.app.deliver()

    const [first] = webhook.texts.filter(({ To }) => To === number)
    expect((await webhook.to(number, 2)).Body).toBe(first?.Body)
    await expect.poll(async () => toldOf(await browser.read(step)).waiting).toBeNull()
    expect((await browser.read(step)).challenge.responseErrors).toEqual([])
  })

  it('is asked for five times, and then later', async () => {
    const { number, browser, step } = await texted()
    const settled = async () => {
      await expect.poll(async () => (await browser.read(step)).waiting).toBeNull()
      return browser.read(step)
    }
    const until = new Date(ground.app.clock.now().getTime() + 300_000).toISOString()
    for (let count = 2; count <= 5; count += 1) {
      await browser.act(await settled(), 'RESEND')
      await webhook.to(number, count)
    }
    const full = await settled()

    expect(toldOf(full).resend).toEqual({ type: 'RESEND', enabled: false, availableAt: until })
    expect(await browser.act(full, 'RESEND')).toMatchObject({ __typename: 'ActionNotAllowedError' })
    ground.app.clock.advance(300)
    expect(toldOf(await settled()).resend).toMatchObject({ enabled: true })
  })

  describe('to a client written for authentik', () => {
    const asked = async (start = flow) => {
      const [{ slug }, person] = [await start(), await ground.person()]
      const client = new RestJourney(ground.app.url)
      return { client, person, slug, asked: await signIn(client, slug, person) }
    }

    it('holds the reply until the provider has answered', async () => {
      const answer = Promise.withResolvers<void>()
      webhook.hold = answer.promise
      const [{ client }, number] = [await asked(), newNumber()]
      let replied = false
      const reply = client.submit('authenticator_sms', { phoneNumber: number }).then((view) => {
        replied = true
        return view
      })
      const { Body: code } = await webhook.to(number)
      expect(replied).toBe(false)
      answer.resolve()

      expect(await reply).toMatchObject({ ...isForm, errors: [], fields: { phoneNumberRequired: false } })
      expect(await client.answer('authenticator_sms', { code })).toMatchObject({ kind: 'redirect' })
    })

    it('is told in the reply what the provider refused', async () => {
      Object.assign(webhook, { status: 400, words })
      const { client } = await asked()

      expect(await client.submit('authenticator_sms', { phoneNumber: newNumber() })).toMatchObject({
        ...isForm,
        errors: [{ field: 'nonFieldErrors', message: words }],
        fields: { phoneNumberRequired: true },
      })
    })

    it('is told in the reply that a code was wrong, while the message is on its way', async () => {
      const answer = Promise.withResolvers<void>()
      const [{ client }, number] = [await asked(), newNumber()]
      webhook.hold = answer.promise
      const held = client.submit('authenticator_sms', { phoneNumber: number })
      const { Body: code } = await webhook.to(number)
      const tab = client.tab()
      tab.path = client.path

      expect(await tab.submit('authenticator_sms', { code: code === '000000' ? '000001' : '000000' })).toMatchObject({
        errors: [{ message: 'Code does not match' }],
      })
      answer.resolve()
      await held
    })

    it('asks for another number at the next look, where the one from a form could not be used', async () => {
      Object.assign(webhook, { status: 400, words })
      const number = newNumber()
      const prompts = await seedPrompts(ground.app.database, [{ fieldKey: 'phone', type: 'text' }])
      const withForm = () =>
        ground.flow({
          stages: [
            { kind: 'identification' },
            { kind: 'password' },
            { kind: 'prompt', config: { fields: prompts } },
            phoneStage(webhook),
            { kind: 'user_login' },
          ],
        })
      const { client } = await asked(withForm)

      await client.answer('prompt', { phone: number })
      await webhook.to(number)
      await expect.poll(async () => (await client.read()).fields.phoneNumberRequired).toBe(true)
      webhook.status = 200
      const other = newNumber()
      expect(await client.submit('authenticator_sms', { phoneNumber: other })).toMatchObject({ errors: [] })
      const { Body: code } = await webhook.to(other)
      expect(await client.answer('authenticator_sms', { code })).toMatchObject({ kind: 'redirect' })
    })
  })
})
