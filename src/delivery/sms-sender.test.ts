import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { SmsMessage, SmsSettings } from '../flow/accounts.ts'
import { createSmsSender } from './sms-sender.ts'

const message: SmsMessage = { to: '+4915112345', code: '123456', text: 'Use this code to authenticate in Acme: 123456' }
const unreachable = 'The text message could not be sent.'
const forGood = { name: 'DeliveryFailure', permanent: true }
const forNow = { name: 'DeliveryFailure', permanent: false }
const never = new AbortController().signal

/** Sends the message as the courier does. */
function sender(options: Parameters<typeof createSmsSender>[0] = {}) {
  const send = createSmsSender(options)
  return (settings: SmsSettings, signal = never) => send('an-id', { channel: 'sms', settings, message }, signal)
}

interface Received {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** A provider of text messages that answers like this. */
async function provider(
  answer: (response: ServerResponse, request: Received) => unknown = (response) => response.writeHead(201).end('{}'),
) {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    const { method, url, headers } = request
    received.push({ method, url, headers, body: await text(request) })
    answer(response, received.at(-1) as Received)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  let connections = 0
  server.on('connection', () => {
    connections += 1
  })
  return { url, received, connections: () => connections, send: sender({ twilioUrl: url }) }
}

const twilio: SmsSettings = {
  provider: 'twilio',
  fromNumber: '+15550001',
  accountSid: 'AC123/../x',
  auth: 'hush-token',
  authPassword: '',
  authType: 'basic',
}
const webhook = (url: string, about: Partial<SmsSettings> = {}): SmsSettings => ({
  provider: 'generic',
  fromNumber: '+15550001',
  accountSid: `${url}/hook?tenant=acme`,
  auth: 'hush-token',
  authPassword: 'hush-password',
  authType: 'basic',
  ...about,
})
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`

describe('a text message', () => {
  it("goes to Twilio's account with its token", async () => {
    const { send, received } = await provider()
    await send(twilio)

    expect(received).toHaveLength(1)
    expect(received[0]).toMatchObject({
      method: 'POST',
      url: '/2010-04-01/Accounts/AC123%2F..%2Fx/Messages.json',
      headers: { authorization: basic('AC123/../x:hush-token'), 'content-type': 'application/x-www-form-urlencoded' },
    })
    expect(Object.fromEntries(new URLSearchParams(received[0]?.body))).toEqual({
      To: '+4915112345',
      From: '+15550001',
      Body: message.text,
    })
  })

  it('goes to a webhook with the bare code and the sentence, and what tells a second time from a second message', async () => {
    const { send, received, url } = await provider((response) => response.writeHead(204).end())
    await send(webhook(url))

    expect(received[0]).toMatchObject({
      method: 'POST',
      url: '/hook?tenant=acme',
      headers: {
        authorization: basic('hush-token:hush-password'),
        'content-type': 'application/json',
        'idempotency-key': '"an-id"',
      },
    })
    expect(JSON.parse(received[0]?.body ?? '')).toEqual({
      From: '+15550001',
      To: '+4915112345',
      Body: '123456',
      Message: message.text,
    })
  })

  it('bears a token where the webhook asks for one', async () => {
    const { send, received, url } = await provider()
    await send(webhook(url, { authType: 'bearer' }))

    expect(received[0]?.headers.authorization).toBe('Bearer hush-token')
  })

  it('goes by a connection that is there already', async () => {
    const { send, received, connections } = await provider((response) => {
      response.writeHead(201).write('{', () => setTimeout(() => response.end('}'), 2))
    })
    for (let sent = 0; sent < 10; sent += 1) await send(twilio)

    expect(received).toHaveLength(10)
    expect(connections()).toBeLessThan(10)
  })

  it('is taken as soon as the provider says so, whatever comes after that', async () => {
    const { send } = await provider((response) => response.writeHead(201).write('{'))

    await expect(send(twilio)).resolves.toBeUndefined()
  })
})

describe('a provider that refuses', () => {
  it.each([
    ['in JSON', '{"code": 21211, "message": "The number is not valid.", "status": 400}', 'The number is not valid.'],
    ['plainly', 'No credit\r\nleft', 'No credit left'],
    ['without a word', '', unreachable],
    ['in JSON of another form', '["hush"]', unreachable],
    ['at length', 'x'.repeat(5000), 'x'.repeat(200)],
    ['by repeating what it was told', 'AC123/../x hush-token 123456', '*** *** ***'],
  ])('is quoted: %s', async (_, reply, problem) => {
    const { send } = await provider((response) => response.writeHead(400).end(reply))

    await expect(send(twilio)).rejects.toMatchObject({
      ...forGood,
      message: problem,
      detail: 'The provider of text messages answered with status 400.',
    })
  })

  it.each([
    [400, true],
    [401, true],
    [404, true],
    [408, false],
    [425, false],
    [429, false],
    [500, false],
    [503, false],
  ])('by status %i does so for good: %s', async (status, permanent) => {
    const { send } = await provider((response) => response.writeHead(status).end('No.'))

    await expect(send(twilio)).rejects.toMatchObject({ message: 'No.', permanent })
  })

  it('is quoted without the credentials of a webhook', async () => {
    const { send, url } = await provider((response, { headers }) =>
      response.writeHead(500).end(`no: ${headers.authorization} hush-password`),
    )

    await expect(send(webhook(url))).rejects.toMatchObject({ message: 'no: *** ***' })
  })

  it('sends nobody elsewhere', async () => {
    const elsewhere = await provider()
    const { send, url } = await provider((response) => response.writeHead(307, { location: elsewhere.url }).end())

    await expect(send(webhook(url))).rejects.toMatchObject({ ...forGood, message: unreachable })
    expect(elsewhere.received).toEqual([])
  })

  it('is not listened to for ever', async () => {
    const { send, url } = await provider((response) => {
      response.writeHead(400)
      const chunk = 'x'.repeat(8192)
      const more = () => {
        if (!response.destroyed) response.write(chunk, () => setImmediate(more))
      }
      more()
    })

    await expect(send(webhook(url))).rejects.toMatchObject({ message: 'x'.repeat(200) })
  })

  it.each(['not a URL', 'file:///etc/passwd', 'data:,sent', 'ftp://x.test', 'http://user:hush@127.0.0.1:1/'])(
    'is none where its address is none: %s',
    async (accountSid) => {
      const { send } = await provider()
      const refused = await send(webhook('', { accountSid })).catch((error: unknown) => error)

      expect(refused).toMatchObject({ ...forGood, message: unreachable, detail: expect.stringContaining('address') })
      expect(JSON.stringify(refused)).not.toContain('hush')
    },
  )

  it('by hanging up may take it another time', async () => {
    const { send, url } = await provider((response) => response.destroy())

    await expect(send(webhook(url))).rejects.toMatchObject({
      ...forNow,
      message: unreachable,
      detail: expect.stringContaining('fetch failed'),
    })
  })

  it.each<[string, (response: ServerResponse) => unknown]>([
    ['at all', () => undefined],
    ['to the end', (response) => response.writeHead(400).write('{')],
  ])('does not hold people up who wait, where it does not answer %s', async (_, answer) => {
    const { url } = await provider(answer)

    await expect(sender({ patience: 20 })(webhook(url))).rejects.toMatchObject({
      ...forNow,
      message: unreachable,
      detail: expect.stringContaining('TimeoutError'),
    })
  })

  it('holds up nobody who stops', async () => {
    const { url } = await provider(() => undefined)

    await expect(sender({ patience: 60_000 })(webhook(url), AbortSignal.timeout(20))).rejects.toMatchObject(forNow)
  })
})
