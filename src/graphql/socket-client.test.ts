import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished, vi } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import type { RequestContext } from '../http/request-context.ts'
import { SocketClient } from './socket-client.ts'

/** Both ends of a socket. */
async function pair() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const connected = once(server, 'connection')
  const far = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const [[near]] = (await Promise.all([connected, once(far, 'open')])) as [[WebSocket], unknown]
  return { near, far, client: new SocketClient(near, {} as RequestContext, () => 0) }
}

it('gives back what was taken for it when the socket is closed, and at once if it is closed already', async () => {
  const { near, far, client } = await pair()
  const [early, late] = [vi.fn(), vi.fn()]
  client.hold(early)
  expect(early).not.toHaveBeenCalled()

  far.terminate()
  await once(near, 'close')
  expect(early).toHaveBeenCalled()
  client.hold(late)

  expect(late).toHaveBeenCalled()
})

it('says nothing into a socket that is closed, and takes nothing from it', async () => {
  const { near, far, client } = await pair()
  far.terminate()
  await once(near, 'close')

  await client.send('a word')
  expect([client.isOpen, client.mayTake()]).toEqual([false, false])
})
