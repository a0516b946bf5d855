import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { GraphQLJourney } from '../support/graphql-journey.ts'
import { faces } from '../support/journey-clients.ts'
import type { JourneyClient } from '../support/journey-view.ts'
import { describeJourneys, type Ground } from '../support/journeys.ts'
import { type MailServer, startMailServer } from '../support/mail-server.ts'
import { linkIn } from '../support/mailed-links.ts'
import { awaits, linkStage, toldOf } from '../support/messages.ts'
import { endOf, nextStep, overSocket, streamWays } from '../support/streams.ts'
import { WaitingBrowser } from '../support/waiting-journey.ts'

const confirmed = { message: 'The link in the mail was confirmed. Go on where you opened it.', code: 'confirmed-elsewhere' }

describeJourneys('a mailed link that somebody waits for', (ground) => {
  let mails: MailServer
  beforeAll(async () => {
    mails = await startMailServer()
  })
  beforeEach(() => Object.assign(mails, { refusal: undefined, hold: undefined }))
  afterAll(() => mails.close())

  /** Somebody who has only been named, and waits for the link that was mailed to them. */
  async function waiting(config: object = {}) {
    const { slug } = await ground.flow({
      stages: [{ kind: 'identification' }, linkStage(mails, config), { kind: 'user_login' }],
    })
    const person = await ground.person()
    const browser = new WaitingBrowser(ground.app.url)
    const step = await browser.reply(await browser.begin(slug), { identification: { uidField: person.email } })
    return { slug, person, browser, step, link: linkIn(await mails.to(person.email)) }
  }

  const open = async (client: JourneyClient, { slug, query }: { slug: string; query: string }) => client.start(slug, query)

  describe.each(streamWays)('over $name', ({ listen }) => {
    it('is told to be confirmed in another browser, which it lets in, and this one not', async () => {
      const { person, browser, step, link } = await waiting()
      const stream = await listen(browser, step.id, step.sequence)
      expect(toldOf(step)).toEqual(awaits('EmailChallenge', 'CONFIRMATION', null))
      const next = nextStep(stream)

      const elsewhere = new GraphQLJourney(ground.app.url)
      const { fields } = await open(elsewhere, link)
      expect(await elsewhere.answer('consent', { token: fields.token })).toMatchObject({ kind: 'redirect' })

      expect(toldOf(await next)).toMatchObject({ kind: 'EmailChallenge', waiting: null, errors: [confirmed] })
      expect((await next).sequence).toBe(step.sequence + 1)
      expect(await elsewhere.whoAmI()).toBe(person.username)
      expect(await browser.viewer()).toBeUndefined()
      expect(await browser.read(step)).toMatchObject({ status: 'ACTIVE', challenge: { __typename: 'EmailChallenge' } })
      await stream.return?.()
    })
  })

  describe.each(faces)('opened over %s', (_, Client) => {
    it('uses nothing up and tells nobody, until it is confirmed', async () => {
      const { browser, step, link } = await waiting()
      const stream = await overSocket.listen(browser, step.id, step.sequence)
      const next = nextStep(stream)
      const clients = [new Client(ground.app.url), new Client(ground.app.url)]
      for (const client of clients) await open(client, link)
      expect(await browser.read(step)).toMatchObject({ sequence: step.sequence, waiting: { reason: 'CONFIRMATION' } })

      const [client = new Client(ground.app.url)] = clients
      const { fields } = await client.read()
      expect(await client.answer('consent', { token: fields.token })).toMatchObject({ kind: 'redirect' })
      expect(toldOf(await next)).toMatchObject({ waiting: null, errors: [confirmed] })
      await stream.return?.()
    })
  })

  it('in the same browser leads on in the tab that it was opened in; the session is that of both', async () => {
    const { slug, person, browser, step, link } = await waiting()
    const stream = await overSocket.listen(browser, step.id)
    expect(await nextStep(stream)).toMatchObject({ sequence: step.sequence })
    const tab = new WaitingBrowser(ground.app.url, browser.jar)
    const start = `mutation ($input: StartFlowInput!) { startFlow(input: $input) { ... on FlowExecution {
      id stepToken challenge { __typename ... on ConsentChallenge { token } } } } }`
    const { data } = await tab.graphql<{ startFlow: { id: string; stepToken: string; challenge: { token: string } } }>(start, {
      input: { slug, query: link.query },
    })
    const asked = data?.startFlow
    expect(asked?.id).not.toBe(step.id)
    await tab.reply(asked as never, { consent: { token: asked?.challenge.token } })

    // Signing in has changed the session's handle, which both tabs have now.
    expect(await endOf(stream)).toBe('SESSION_CHANGED')
    const again = await overSocket.listen(browser, step.id, step.sequence)
    expect(toldOf(await nextStep(again))).toMatchObject({ kind: 'EmailChallenge', errors: [confirmed] })
    expect(await browser.viewer()).toBe(person.username)
    await again.return?.()
  })

  it('may be the first one, when there were several', async () => {
    const { browser, step, link } = await waiting()
    const again = await browser.act(step, 'RESEND')
    const elsewhere = new GraphQLJourney(ground.app.url)
    const { fields } = await open(elsewhere, link)
    await elsewhere.answer('consent', { token: fields.token })

    await expect.poll(async () => toldOf(await browser.read(again)).errors).toEqual([confirmed])
  })

  it('is told to have run out', async () => {
    const { browser, step } = await waiting({ tokenExpiry: 'minutes=1' })
    ground.app.clock.advance(60)

    expect(toldOf(await browser.read(step))).toMatchObject({
      waiting: null,
      errors: [{ message: 'The link in the mail has run out.', code: 'link-expired' }],
      resend: { enabled: true },
    })
  })

  describe('whoever it is for, and whether or not it can be sent', () => {
    const stages = ['identification', 'email', 'user_login']

    /** All that somebody is told who names this person, waits for the mail, and asks for others. */
    async function allThatIsTold(slug: string, name: string): Promise<unknown> {
      const browser = new WaitingBrowser(ground.app.url)
      const begun = await browser.begin(slug)
      const stream = await overSocket.listen(browser, begun.id, 0)
      const step = await browser.reply(begun, { identification: { uidField: name } })
      await gone(step.id)
      let last = await browser.read(step)
      for (let time = 0; time < 2; time += 1) {
        last = await browser.act(last, 'RESEND')
        await gone(step.id)
        last = await browser.reply(last, { email: {} })
        await gone(step.id)
      }
      const refused = await browser.act(last, 'RESEND')
      last = await browser.read(step)
      const told: unknown[] = [{ refused: refused.__typename }, { sequence: last.sequence, ...toldOf(last) }]
      for (let sequence = 0; sequence < last.sequence; ) {
        const heard = await nextStep(stream)
        told.push({ ...toldOf(heard), sequence: heard.sequence, until: heard.waiting?.until })
        sequence = heard.sequence
      }
      await stream.return?.()
      return told
    }

    /** When nothing waits to be sent any more, and whoever waits for it has looked. */
    async function gone(executionId: string): Promise<void> {
      await expect.poll(() => ground.prisma.queuedMessage.count({ where: { state: 'queued' } })).toBe(0)
      expect(await ground.prisma.queuedMessage.count({ where: { executionId } })).toBe(0)
    }

    it.each([
      ['a mail server that takes all', undefined],
      ['a mail server that takes none', { at: 'data', code: 554 } as const],
    ])('looks the same, with %s', async (_, refusal) => {
      const config = { recoveryMaxAttempts: 4, recoveryCacheTimeout: 'minutes=5' }
      const { slug } = await ground.flow({
        stages: stages.map((kind) => (kind === 'email' ? linkStage(mails, config) : { kind })),
        flow: { designation: 'recovery' },
      })
      mails.refusal = refusal
      const [known, disabled] = [await ground.person(), await ground.person({ isActive: false })]
      const before = await failures(ground)
      const told = await allThatIsTold(slug, known.email)

      expect(await failures(ground)).toBe(before + (refusal ? 5 : 0))
      expect(JSON.stringify(told)).not.toMatch(/delivery-failed|SENT|FAILED|QUEUED/)
      expect(await allThatIsTold(slug, disabled.email)).toEqual(told)
      expect(await allThatIsTold(slug, `nobody.${known.email}`)).toEqual(told)
      // Who was mailed before, under whatever name, is no other.
      expect(await allThatIsTold(slug, known.username)).toEqual(told)
    })
  })
})

/** How many messages were given up. */
function failures({ prisma }: Ground): Promise<number> {
  return prisma.event.count({ where: { action: 'configuration_error' } })
}
