import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { describeJourneys, type Ground } from '../support/journeys.ts'
import { type MailServer, startMailServer } from '../support/mail-server.ts'
import { linkIn } from '../support/mailed-links.ts'
import { awaits, codeStage, linkStage, postponed, toldOf } from '../support/messages.ts'
import type { SeedStage } from '../support/seed.ts'
import { nextStep, overSocket, streamWays } from '../support/streams.ts'
import { startTestApp } from '../support/test-app.ts'
import { WaitingBrowser } from '../support/waiting-journey.ts'

const notSent = { message: 'The mail could not be sent.', code: 'delivery-failed' }

/** Somebody who has proved their password, and arrives at a stage. */
async function arrived(ground: Ground, stage: SeedStage) {
  const { slug } = await ground.flow({
    stages: [{ kind: 'identification' }, { kind: 'password' }, stage, { kind: 'user_login' }],
  })
  const person = await ground.person()
  const browser = new WaitingBrowser(ground.app.url)
  const named = await browser.reply(await browser.begin(slug), { identification: { uidField: person.username } })
  return { slug, person, browser, step: await browser.reply(named, { password: { password: person.password } }) }
}

describeJourneys('a mail on its way', (ground) => {
  let mails: MailServer
  beforeAll(async () => {
    mails = await startMailServer()
  })
  beforeEach(() => Object.assign(mails, { refusal: undefined, hold: undefined }))
  afterAll(() => mails.close())

  describe.each(streamWays)('over $name', ({ listen }) => {
    it('is told at once to be queued, and to be sent when a slow server has taken it', async () => {
      const arrival = Promise.withResolvers<void>()
      mails.hold = arrival.promise
      const { browser, step, person } = await arrived(ground, linkStage(mails))
      const stream = await listen(browser, step.id, step.sequence)
      expect(toldOf(step)).toEqual(awaits('EmailChallenge', 'CONFIRMATION', 'QUEUED'))
      expect(step.waiting).toMatchObject({ until: inMinutes(ground, 30), pollAfter: 5 })

      const next = nextStep(stream)
      arrival.resolve()
      expect(toldOf(await next)).toEqual(awaits('EmailChallenge', 'CONFIRMATION', 'SENT'))
      expect((await next).sequence).toBe(step.sequence + 1)
      expect((await mails.to(person.email)).to).toEqual([person.email])
      await stream.return?.()
    })
  })

  it('is told to who polls', async () => {
    const { browser, step } = await arrived(ground, linkStage(mails))

    await expect.poll(async () => (await browser.read(step)).waiting?.delivery).toBe('SENT')
  })

  it('that a server is not there for is tried again, told to have failed when that is of no use, and sent on demand', async () => {
    mails.refusal = { at: 'from', code: 451, message: 'not today, ask ops.internal' }
    const { browser, step, slug, person } = await arrived(ground, linkStage(mails, { tokenExpiry: 'minutes=2' }))
    const stream = await overSocket.listen(browser, step.id, step.sequence)
    const next = nextStep(stream)
    await postponed(ground, step.id, 10)
    ground.app.clock.advance(10)
    ground.app.app.deliver()
    await postponed(ground, step.id, 60)
    ground.app.clock.advance(60)
    ground.app.app.deliver()

    const failed = await next
    expect(toldOf(failed)).toEqual({ ...awaits('EmailChallenge', 'CONFIRMATION', 'FAILED'), errors: [notSent] })
    expect(failed.sequence).toBe(step.sequence + 1)
    const events = await ground.prisma.event.findMany({ where: { action: 'configuration_error' } })
    expect(events.map(({ context }) => context)).toContainEqual(
      expect.objectContaining({ message: 'A mail was not sent.', attempts: 3, problem: expect.stringContaining('not today') }),
    )

    mails.refusal = undefined
    const again = await browser.act(failed as never, 'RESEND')
    expect(toldOf(again)).toEqual(awaits('EmailChallenge', 'CONFIRMATION', 'QUEUED'))
    expect(await nextStep(stream)).toMatchObject({ sequence: again.sequence })
    expect(toldOf(await nextStep(stream))).toEqual(awaits('EmailChallenge', 'CONFIRMATION', 'SENT'))
    expect(linkIn(await mails.to(person.email)).slug).toBe(slug)
    await stream.return?.()
  })

  it('that is refused for good is told to have failed at once, in words of ours', async () => {
    mails.refusal = { at: 'to', code: 550, message: 'no such mailbox at mail.internal' }
    const { browser, step } = await arrived(ground, codeStage(mails))
    const stream = await overSocket.listen(browser, step.id)
    expect(toldOf(step)).toEqual(awaits('AuthenticatorEmailChallenge', 'DELIVERY', 'QUEUED'))
    let told = await nextStep(stream)
    if (told.waiting) told = await nextStep(stream)

    expect(toldOf(told)).toMatchObject({ waiting: null, errors: [notSent], resend: { enabled: true } })
    const [row] = await ground.prisma.queuedMessage.findMany({ where: { executionId: step.id } })
    expect(row).toMatchObject({ state: 'failed', sealed: '', attempts: 1 })
    await stream.return?.()
  })

  it('with a code in it may be sent again, and the code of the last one counts', async () => {
    const { browser, step, person } = await arrived(ground, codeStage(mails))
    const code = async (count: number) => /^\d{6}$/m.exec((await mails.to(person.email, count)).text ?? '')?.[0]
    const settled = async () => {
      await expect.poll(async () => (await browser.read(step)).waiting).toBeNull()
      return browser.read(step)
    }
    await code(1)
    await browser.act(await settled(), 'RESEND')
    const second = await code(2)
    const done = await browser.reply(await settled(), { authenticatorEmail: { code: second } })

    expect(done).toMatchObject({ status: 'FINISHED' })
    expect(await browser.viewer()).toBe(person.username)
  })

  it('that a node has lost with its life is sent by another when its lease is over: the same mail', async () => {
    const stuck = Promise.withResolvers<void>()
    mails.hold = stuck.promise
    const { browser, step, person } = await arrived(ground, linkStage(mails))
    await expect
      .poll(() => ground.prisma.queuedMessage.findFirst({ where: { executionId: step.id } }))
      .toMatchObject({ attempts: 1 })
    mails.hold = undefined
    const other = await startTestApp({ beside: ground.app })
    const there = browser.at(other.url)
    const stream = await overSocket.listen(there, step.id, step.sequence)
    const next = nextStep(stream)

    ground.app.clock.advance(120)
    other.app.deliver()
    expect(toldOf(await next)).toMatchObject({ waiting: { delivery: 'SENT' } })
    stuck.resolve()
    const [first, second] = [await mails.to(person.email), await mails.to(person.email, 2)]
    expect(second.headers['message-id']).toBe(first.headers['message-id'])
    expect(linkIn(second)).toEqual(linkIn(first))
    await stream.return?.()
    await other.close()
  })
})

function inMinutes({ app }: Ground, minutes: number): string {
  return new Date(app.clock.now().getTime() + minutes * 60_000).toISOString()
}
