import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sha256Hex } from '../../src/credentials/random.ts'
import { type MailServer, startMailServer } from '../support/mail-server.ts'
import { RestJourney } from '../support/rest-journey.ts'
import { seedFlow, signInStages } from '../support/seed.ts'
import { type Account, createAccount, startTestApp, type TestApp } from '../support/test-app.ts'
import { stores } from '../support/test-database.ts'

const addressees = { email_addresses: ['grace@example.test', 'alan@example.test'] }

describe.each(stores)('an invitation that is mailed, on $name', ({ provider, available }) => {
  const test = it.skipIf(!available)
  let app: TestApp
  let mails: MailServer
  let root: Account
  let administrator: RestJourney
  let flowId: string

  beforeAll(async () => {
    if (!available) return
    mails = await startMailServer()
    app = await startTestApp({ provider, env: mails.env })
    root = await createAccount(app.database, 'root', { superuser: true })
    await seedFlow(app.database, { slug: 'sign-in', stages: signInStages })
    flowId = (await seedFlow(app.database, { slug: 'join', stages: [{ kind: 'invitation' }] })).id
    administrator = await signedIn(root)
  })
  afterAll(async () => {
    await app?.close()
    await mails?.close()
  })

  async function signedIn({ username, password }: Account): Promise<RestJourney> {
    const client = new RestJourney(app.url)
    await client.start('sign-in')
    await client.answer('identification', { uidField: username })
    await client.answer('password', { password })
    return client
  }

  async function invite(more: { flowId?: string | null; expiresAt?: Date } = {}): Promise<string> {
    const data = { name: crypto.randomUUID(), fixedData: {}, flowId, ...more }
    return (await app.database.prisma.invitation.create({ data })).id
  }

  async function tokenOf(userId: number): Promise<string> {
    const key = crypto.randomUUID()
    const data = { identifier: key, keyHash: sha256Hex(key), intent: 'api', userId, expiring: false } as const
    await app.database.prisma.token.create({ data })
    return key
  }

  /** What waits and what has arrived. */
  const mailed = async () => {
    const waiting = await app.database.prisma.queuedMessage.findMany({ select: { id: true } })
    return { waiting: waiting.map(({ id }) => id), arrived: mails.mails.length }
  }

  /** What comes of it, and what had been mailed before. */
  async function send(id: string, json: unknown, client = administrator, headers: Record<string, string> = {}) {
    const before = await mailed()
    const path = `/api/v3/stages/invitation/invitations/${id}/send_email/`
    const response = await client.send('POST', path, { json, headers })
    const text = await response.text()
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text), before }
  }

  const nothingSent = async (before: Awaited<ReturnType<typeof mailed>>) => {
    const after = await mailed()
    // One that has just arrived may wait for a moment longer.
    expect(before.waiting).toEqual(expect.arrayContaining(after.waiting))
    expect(after.arrived).toBe(before.arrived)
  }

  test('arrives at each address, with its link and its copies', async () => {
    const expiresAt = new Date(app.clock.now().getTime() + 3_600_000)
    const id = await invite({ expiresAt })
    const copies = { cc_addresses: ['cc@example.test'], bcc_addresses: ['bcc@example.test'] }
    expect(await send(id, { ...addressees, ...copies })).toMatchObject({ status: 204, body: undefined })

    const received = [await mails.next(), await mails.next()]
    expect(received.map(({ to }) => to).sort()).toEqual([
      ['alan@example.test', 'cc@example.test', 'bcc@example.test'],
      ['grace@example.test', 'cc@example.test', 'bcc@example.test'],
    ])
    for (const { text, html, headers, from, raw } of received) {
      expect(text).toContain(`http://localhost:9000/if/flow/join/?itoken=${id}`)
      expect(text).toContain('The invitation ends at')
      expect(html).toContain(`/if/flow/join/?itoken=${id}`)
      expect(headers).toMatchObject({ cc: 'cc@example.test', subject: expect.stringMatching(/^You are invited to \S/) })
      expect(from).toBe('login@example.test')
      expect(raw).not.toContain('bcc@')
    }
  })

  test('goes once to who is named twice, by the template that is named', async () => {
    const addresses = ['twice@example.test', 'twice@example.test']
    const reply = await send(await invite(), { email_addresses: addresses, template: 'email/invitation.html' })
    expect(reply.status).toBe(204)
    const { to, text, headers } = await mails.next()

    expect(to).toEqual(['twice@example.test'])
    expect(text).not.toContain('The invitation ends at')
    expect(headers).not.toHaveProperty('cc')
    expect(mails.mails).toHaveLength(reply.before.arrived + 1)
  })

  test('is mailed by an API token of an administrator, which needs no CSRF header', async () => {
    const authorization = `Bearer ${await tokenOf(root.id)}`
    const bare = new RestJourney(app.url)
    const one = { email_addresses: ['one@example.test'] }

    expect((await send(await invite(), one, bare, { authorization })).status).toBe(204)
    expect((await mails.next()).to).toEqual(['one@example.test'])
    // Nor does it where a browser's cookie comes along.
    const both = { authorization, 'x-authentik-csrf': 'made-up' }
    expect((await send(await invite(), one, administrator, both)).status).toBe(204)
    expect((await mails.next()).to).toEqual(['one@example.test'])
  })

  test('is mailed by nobody else', async () => {
    const ada = await createAccount(app.database, 'ada')
    const id = await invite()
    const notSignedIn = { status: 403, body: { code: 'not_authenticated' } }
    const notAllowed = { status: 403, body: { code: 'permission_denied' } }
    const bare = new RestJourney(app.url)

    const anonymous = await send(id, addressees, bare)
    expect(anonymous).toMatchObject(notSignedIn)
    expect(await send(id, addressees, await signedIn(ada))).toMatchObject(notAllowed)
    expect(await send(id, addressees, bare, { authorization: `Bearer ${await tokenOf(ada.id)}` })).toMatchObject(notAllowed)
    // A wrong token is nobody, whatever cookie comes with it.
    expect(await send(id, addressees, administrator, { authorization: 'Bearer none' })).toMatchObject(notSignedIn)
    await nothingSent(anonymous.before)
  })

  test('is not mailed from a page that is not ours', async () => {
    const forged = await send(await invite(), addressees, administrator, { 'x-authentik-csrf': 'made-up' })

    expect(forged).toMatchObject({ status: 403, body: { detail: expect.stringMatching(/^CSRF Failed/) } })
    await nothingSent(forged.before)
  })

  test.each<[string, object, object]>([
    ['no addresses', { email_addresses: [] }, { error: expect.any(String) }],
    ['nothing', {}, { error: expect.any(String) }],
    ['no list', { email_addresses: 'grace@example.test' }, { email_addresses: [expect.stringMatching(/^Expected a list/)] }],
    [
      'what is no address',
      { email_addresses: ['grace@example.test', 'x\r\nBcc: eve@example.test'] },
      { email_addresses: { 1: ['Enter a valid email address.'] } },
    ],
    ['a copy to no address', { ...addressees, cc_addresses: ['x'] }, { cc_addresses: { 0: ['Enter a valid email address.'] } }],
    ['an unseen one', { ...addressees, bcc_addresses: ['x'] }, { bcc_addresses: { 0: ['Enter a valid email address.'] } }],
    ['an unknown template', { ...addressees, template: 'email/none.html' }, { template: ['There is no such mail template.'] }],
    ['a part of one', { ...addressees, template: 'layouts/mail.html' }, { template: ['There is no such mail template.'] }],
    [
      'too many',
      { email_addresses: Array.from({ length: 101 }, (_, place) => (place === 0 ? 'x' : `p${place}@example.test`)) },
      { email_addresses: ['Ensure this field has no more than 100 elements.'] },
    ],
  ])('is refused with %s', async (_, body, errors) => {
    const refused = await send(await invite(), body)

    expect(refused).toMatchObject({ status: 400 })
    expect(refused.body).toEqual(errors)
    await nothingSent(refused.before)
  })

  test('is refused where it leads nowhere, or nowhere any more', async () => {
    const aimless = await send(await invite({ flowId: null }), addressees)
    const late = await send(await invite({ expiresAt: app.clock.now() }), addressees)

    expect(aimless).toMatchObject({ status: 400, body: { error: expect.stringContaining('flow') } })
    expect(late).toMatchObject({ status: 400, body: { error: expect.stringContaining('expired') } })
    await nothingSent(aimless.before)
  })

  test.each(['6f2d1f0e-0c0b-4e5a-9a43-000000000001', 'nonsense', '%00'])('is not there: %s', async (id) => {
    expect(await send(id, addressees)).toMatchObject({ status: 404, body: { code: 'not_found' } })
  })

  test('is not read there', async () => {
    const path = `/api/v3/stages/invitation/invitations/${await invite()}/send_email/`
    const response = await administrator.send('GET', path)

    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
  })
})
