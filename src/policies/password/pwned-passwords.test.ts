import { createHash } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { timesPwned } from './pwned-passwords.ts'

const hash = createHash('sha1').update('hunter2').digest('hex').toUpperCase()
const outage = 'Leaked passwords cannot be looked up now.'
const unaborted = new AbortController().signal

/** A service on loopback; notes what it was asked. */
async function serve(listener: RequestListener) {
  const asked: { url: string | undefined; padding: string | string[] | undefined }[] = []
  const server = createServer((request, response) => {
    asked.push({ url: request.url, padding: request.headers['add-padding'] })
    listener(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

const answering = (text: string) => serve((_, response) => void response.end(text))
const padding = `${'A'.repeat(35)}:0`

describe('the look-up of leaked passwords', () => {
  it('tells the service five digits of the hash, and asks for padding', async () => {
    const { url, asked } = await answering(padding)

    await timesPwned('hunter2', { url: `${url}/`, signal: unaborted })

    expect(asked).toEqual([{ url: `/range/${hash.slice(0, 5)}`, padding: 'true' }])
  })

  it.each([
    ['what stands behind the rest of the hash', `${padding}\r\n${hash.slice(5)}:17\r\n${'B'.repeat(35)}:99`, 17],
    ['nothing for other hashes', `${'B'.repeat(35)}:99`, 0],
    ['nothing for padding', `${hash.slice(5)}:0`, 0],
    ['nothing for a line of another form', `${padding}\n${hash.slice(5)}: 17`, 0],
  ])('counts %s', async (_, text, times) => {
    const { url } = await answering(text)

    expect(await timesPwned('hunter2', { url, signal: unaborted })).toBe(times)
  })

  it.each([
    ['an error', (_, response) => void response.writeHead(503).end(padding)],
    ['a page of something else', (_, response) => void response.end('<html>Sign in to this network</html>')],
    ['nothing', (_, response) => void response.end()],
    [
      'a redirect',
      ({ url }, response) =>
        void (url === '/elsewhere' ? response.end(padding) : response.writeHead(302, { location: '/elsewhere' }).end()),
    ],
    ['endlessly much', (_, response) => void response.end(`${padding}\n`.repeat(30_000))],
    [
      'half of it',
      (_, response) => void response.writeHead(200, { 'content-length': 1000 }).end(padding, () => response.destroy()),
    ],
  ] satisfies [string, RequestListener][])('fails when the service answers %s', async (_, listener) => {
    const { url } = await serve(listener)

    await expect(timesPwned('hunter2', { url, signal: unaborted })).rejects.toThrow(outage)
  })

  it('fails when nobody is there', async () => {
    await expect(timesPwned('hunter2', { url: 'http://127.0.0.1:1', signal: unaborted })).rejects.toThrow(outage)
  })

  it('fails when the answer takes too long, or nobody waits for it any more', async () => {
    const { url } = await serve(() => undefined)

    await expect(timesPwned('hunter2', { url, signal: unaborted, patience: 20 })).rejects.toThrow(outage)
    await expect(timesPwned('hunter2', { url, signal: AbortSignal.abort() })).rejects.toThrow(outage)
  })
})
