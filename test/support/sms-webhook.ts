import { once } from 'node:events'
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
  close(): void
}

/** Starts one on a free port. */
export async function startSmsWebhook(): Promise<SmsWebhook> {
  const texts: ReceivedText[] = []
  const server = createServer(async (request, response) => {
    texts.push({ ...JSON.parse(await text(request)), authorization: request.headers.authorization ?? '' })
    response.end()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/send`
  return { url, texts, close: () => void server.close() }
}
