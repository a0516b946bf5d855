import { Agent } from 'node:http'
import { PlainClient } from '../../test/support/plain-client.ts'
import { StreamSocket } from './socket.ts'

/** How many requests are under way at once, at most. */
export const atOnce = 16

/** Connections for visitors to share. A server closes those that stand idle for five seconds: they are given up before. */
export function sharedConnections(): Agent {
  return new Agent({ keepAlive: true, maxSockets: atOnce, timeout: 2000 })
}

/** A browser at an address of its own, behind the proxy that this process poses as: limits count by session and by address. */
export class BenchVisitor {
  readonly client: PlainClient
  private readonly address: Readonly<Record<string, string>>

  constructor(url: string, agent: Agent, index: number) {
    this.address = { 'x-forwarded-for': `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}` }
    this.client = new PlainClient(url, agent, this.address)
  }

  /** Opens a socket to a node with the cookies that are there now. */
  socket(url: string): Promise<StreamSocket> {
    const cookie = this.client.cookieHeader
    return StreamSocket.open(url, { ...this.address, ...(cookie && { cookie }) })
  }
}
