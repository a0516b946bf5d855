import { once } from 'node:events'
import { WebSocket } from 'ws'
import type { ChildServer } from '../../test/support/child-server.ts'

/** What lets a server be asked to collect its garbage: its debugger takes a free port, once it is woken. */
export const collectable = { NODE_OPTIONS: '--inspect-port=127.0.0.1:0' } as const

/** Has a server collect its garbage, so that what is left is what it needs. */
export async function collectGarbage({ pid, log }: ChildServer): Promise<void> {
  const debuggerUrl = () => /ws:\/\/\S+/.exec(log())?.[0]
  if (!debuggerUrl()) process.kill(pid, 'SIGUSR1')
  while (!debuggerUrl()) await new Promise((resolve) => setTimeout(resolve, 20))

  const socket = new WebSocket(debuggerUrl() ?? '', { perMessageDeflate: false })
  await once(socket, 'open')
  socket.send(JSON.stringify({ id: 1, method: 'HeapProfiler.collectGarbage' }))
  await once(socket, 'message')
  socket.close()
  await once(socket, 'close')
}
