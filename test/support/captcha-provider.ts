import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** What a provider was asked. */
export interface Asked {
  readonly method: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A real server on loopback in the place of reCAPTCHA and the like. */
export interface CaptchaProvider {
  readonly url: string
  readonly asked: readonly Asked[]
  readonly stop: () => Promise<void>
}

/** Starts one for this test, that answers everything with this JSON, or as this function does. */
export async function startCaptchaProvider(
  answer: object | ((response: ServerResponse, request: IncomingMessage) => void),
): Promise<CaptchaProvider> {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    asked.push({ method: request.method ?? '', headers: request.headers, body })
    if (typeof answer === 'function') return answer(response, request)
    return response.setHeader('content-type', 'application/json').end(JSON.stringify(answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const stop = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  onTestFinished(stop)
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/siteverify`, asked, stop }
}
