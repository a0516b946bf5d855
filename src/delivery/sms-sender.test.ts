import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { SmsMessage, SmsSettings } from '../flow/services.ts'
import { createSmsSender } from './sms-sender.ts'

const message: SmsMessage = { to: '+4915112345', code: '123456', text: 'Use this code to authenticate in Acme: 123456' }
const unreachable = { sent: false, problem: 'The text message could not be sent.' }

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
  const reports: unknown[] = []
  const send = createSmsSender({ report: (error) => void reports.push(error), twilioUrl: url })
  return { url, received, reports, send }
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
    const { send, received, reports } = await provider()

    expect(await send(twilio, message)).toEqual({ sent: true })
    expect(reports).toEqual([])
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

  it('goes to a webhook with the bare code and the sentence', async () => {
    const { send, received, url } = await provider((response) => response.writeHead(204).end())

    expect(await send(webhook(url), message)).toEqual({ sent: true })
    expect(received[0]).toMatchObject({
      method: 'POST',
      url: '/hook?tenant=acme',
      headers: { authorization: basic('hush-token:hush-password'), 'content-type': 'application/json' },
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
    await send(webhook(url, { authType: 'bearer' }), message)

    expect(received[0]?.headers.authorization).toBe('Bearer hush-token')
  })
})

describe('a provider that refuses', () => {
  it.each([
    ['in JSON', '{"code": 21211, "message": "The number is not valid.", "status": 400}', 'The number is not valid.'],
    ['plainly', 'No credit\r\nleft', 'No credit left'],
    ['without a word', '', unreachable.problem],
    ['in JSON of another form', '["hush"]', unreachable.problem],
    ['at length', 'x'.repeat(5000), 'x'.repeat(200)],
    ['by repeating what it was told', 'AC123/../x hush-token 123456', '*** *** ***'],
  ])('is quoted: %s', async (_, reply, problem) => {
    const { send, reports } = await provider((response) => response.writeHead(400).end(reply))

    expect(await send(twilio, message)).toEqual({ sent: false, problem })
    expect(reports).toHaveLength(1)
  })

  it('is quoted without the credentials of a webhook', async () => {
    const { send, url } = await provider((response, { headers }) =>
      response.writeHead(500).end(`no: ${headers.authorization} hush-password`),
    )

    expect(await send(webhook(url), message)).toEqual({ sent: false, problem: 'no: *** ***' })
  })

  it('sends nobody elsewhere', async () => {
    const elsewhere = await provider()
    const { send, url } = await provider((response) => response.writeHead(307, { location: elsewhere.url }).end())

    expect(await send(webhook(url), message)).toEqual(unreachable)
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

    expect(await send(webhook(url), message)).toEqual({ sent: false, problem: 'x'.repeat(200) })
  })

  it.each(['not a URL', 'file:///etc/passwd', 'data:,sent', 'ftp://x.test', 'http://user:hush@127.0.0.1:1/'])(
    'is none where its address is none: %s',
    async (accountSid) => {
      const { send, reports } = await provider()

      expect(await send(webhook('', { accountSid }), message)).toEqual(unreachable)
      expect(reports).toHaveLength(1)
      expect(String(reports)).not.toContain('hush')
    },
  )

  it('by hanging up is told apart from nobody', async () => {
    const { send, url, reports } = await provider((response) => response.destroy())

    expect(await send(webhook(url), message)).toEqual(unreachable)
    expect(reports).toHaveLength(1)
  })

  it.each<[string, (response: ServerResponse) => unknown]>([
    ['at all', () => undefined],
    ['to the end', (response) => response.writeHead(400).write('{')],
  ])('does not hold people up who wait, where it does not answer %s', async (_, answer) => {
    const { url } = await provider(answer)
    const reports: unknown[] = []
    const send = createSmsSender({ report: (error) => void reports.push(error), patience: 20 })

    expect(await send(webhook(url), message)).toEqual(unreachable)
    expect(reports).toMatchObject([{ name: 'TimeoutError' }])
  })
})
