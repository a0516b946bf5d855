import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { equip, onceRefused } from '../support/duo-journey.ts'
import { describeJourneys, signIn } from '../support/journeys.ts'
import { phoneStage, toldOf } from '../support/messages.ts'
import { RestJourney } from '../support/rest-journey.ts'
import { type SmsWebhook, startSmsWebhook } from '../support/sms-webhook.ts'
import { nextStep, overSocket } from '../support/streams.ts'
import { WaitingBrowser } from '../support/waiting-journey.ts'

const words = 'We do not text there.'

describeJourneys('a code that is sent to prove oneself with', (ground) => {
  let webhook: SmsWebhook
  let made = 0
  beforeAll(async () => {
    webhook = await startSmsWebhook()
  })
  beforeEach(() => Object.assign(webhook, { status: 200, words: '', hold: undefined }))
  afterAll(() => webhook.close())

  /** Somebody with a telephone, and a flow that asks for it. */
  async function withPhone() {
    made += 1
    const [ada, number] = [await ground.person(), `+1556${String(made).padStart(7, '0')}`]
    const { stageIds } = await ground.flow({ stages: [phoneStage(webhook)] })
    const phone = await equip(ground, ada, 'sms', { phoneNumber: number }, stageIds[0])
    const { slug } = await ground.flow({
      stages: [{ kind: 'identification' }, { kind: 'password' }, { kind: 'authenticator_validate' }, { kind: 'user_login' }],
    })
    const selectedChallenge = { device_class: 'sms', device_uid: phone, challenge: {}, last_used: null }
    return { ada, number, slug, selectedChallenge }
  }

  /** The same, asked for their second factor in a client of GraphQL. */
  async function asked() {
    const person = await withPhone()
    const browser = new WaitingBrowser(ground.app.url)
    const named = await browser.reply(await browser.begin(person.slug), { identification: { uidField: person.ada.username } })
    const step = await browser.reply(named, { password: { password: person.ada.password } })
    return { ...person, browser, step }
  }

  it('is told at once to be queued, then to be refused, and is sent again when that is wanted', async () => {
    Object.assign(webhook, { status: 400, words: `{"message":"${words}"}` })
    const answer = Promise.withResolvers<void>()
    webhook.hold = answer.promise
    const { ada, browser, number, selectedChallenge, step } = await asked()
    const queued = await browser.reply(step, { authenticatorValidate: { selectedChallenge } })
    expect(toldOf(queued)).toEqual({
      kind: 'AuthenticatorValidateChallenge',
      waiting: { reason: 'DELIVERY', delivery: 'QUEUED' },
      errors: [{ message: 'Empty response', code: 'invalid' }],
      resend: undefined,
    })
    const stream = await overSocket.listen(browser, step.id, queued.sequence)
    const next = nextStep(stream)
    answer.resolve()

    const failed = await next
    expect(toldOf(failed as never)).toMatchObject({ waiting: null, errors: [{ message: words, code: 'delivery-failed' }] })
    Object.assign(webhook, { status: 200, hold: undefined })
    await browser.act(failed as never, 'RESEND')
    const { Body: code } = await webhook.to(number, 2)
    await nextStep(stream)
    expect(toldOf((await nextStep(stream)) as never)).toMatchObject({ waiting: null })
    expect(await browser.reply(await browser.read(step), { authenticatorValidate: { code } })).toMatchObject({
      status: 'FINISHED',
    })
    expect(await browser.viewer()).toBe(ada.username)
    await stream.return?.()
  })

  it('passes while it is not known whether it was sent', async () => {
    const answer = Promise.withResolvers<void>()
    webhook.hold = answer.promise
    const { ada, browser, number, selectedChallenge, step } = await asked()
    const queued = await browser.reply(step, { authenticatorValidate: { selectedChallenge } })
    const { Body: code } = await webhook.to(number)

    expect(await browser.reply(queued, { authenticatorValidate: { code } })).toMatchObject({ status: 'FINISHED' })
    expect(await browser.viewer()).toBe(ada.username)
    answer.resolve()
  })

  it('may be late, which is told after a minute', async () => {
    const answer = Promise.withResolvers<void>()
    webhook.hold = answer.promise
    const { browser, number, selectedChallenge, step } = await asked()
    await browser.reply(step, { authenticatorValidate: { selectedChallenge } })
    const { Body: code } = await webhook.to(number)
    ground.app.clock.advance(60)
    const late = await onceRefused(browser, step)

    expect(toldOf(late)).toMatchObject({ waiting: null, errors: [{ code: 'delivery-late' }], resend: { enabled: true } })
    expect(await browser.reply(late, { authenticatorValidate: { code } })).toMatchObject({ status: 'FINISHED' })
    answer.resolve()
  })

  it('has the reply of a client written for authentik held until the provider has said something', async () => {
    const { ada, number, selectedChallenge, slug } = await withPhone()
    const client = new RestJourney(ground.app.url)
    await signIn(client, slug, ada)

    Object.assign(webhook, { status: 400, words: `{"message":"${words}"}` })
    expect(await client.submit('authenticator_validate', { selectedChallenge })).toMatchObject({
      errors: [{ field: 'nonFieldErrors', message: words }],
    })
    webhook.status = 200
    ground.app.clock.advance(6)
    expect(await client.submit('authenticator_validate', { selectedChallenge })).toMatchObject({
      errors: [{ field: 'nonFieldErrors', message: 'Empty response', code: 'invalid' }],
    })
    // It was sent before the reply came.
    const sent = webhook.texts.filter(({ To }) => To === number)
    expect(sent).toHaveLength(2)
    expect(await client.answer('authenticator_validate', { code: sent[1]?.Body })).toMatchObject({ kind: 'redirect', to: '/' })
  })
})
