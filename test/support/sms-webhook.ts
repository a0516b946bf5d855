import { EventEmitter, once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** A text message as a webhook gets it. */
export interface ReceivedText {
  readonly From: string
  readonly To: string
  /** The code. */
  readonly Body: string
  readonly Message: string
  readonly authorization: string
}

/** A real server on loopback that takes text messages. */
export interface SmsWebhook {
  readonly url: string
  readonly texts: readonly ReceivedText[]
  /** What it answers from now on. */
  status: number
  /** What it says from now on. */
  words: string
  /** Awaited before it answers: for providers that are slow. */
  hold: Promise<void> | undefined
  /** The latest message to a number, when there are as many; waits for it. */
  to(number: string, count?: number): Promise<ReceivedText>
  close(): void
}

/** Starts one on a free port. */
export async function startSmsWebhook(): Promise<SmsWebhook> {
  const texts: ReceivedText[] = []
  const arrivals = new EventEmitter()
  const server = createServer(async (request, response) => {
    texts.push({ ...JSON.parse(await text(request)), authorization: request.headers.authorization ?? '' })
    arrivals.emit('text')
    await webhook.hold
    response.writeHead(webhook.status).end(webhook.words)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const webhook: SmsWebhook = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/send`,
    texts,
    status: 200,
    words: '',
    hold: undefined,
    to: async (number, count = 1) => {
      const sent = () => texts.filter(({ To }) => To === number)
      while (sent().length < count) await once(arrivals, 'text')
      return sent().at(-1) as ReceivedText
    },
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
  return webhook
}
