import { once } from 'node:events'
import { WebSocket } from 'ws'
import { startProgram } from '../../test/support/child-server.ts'
import type { DuoServer } from '../../test/support/duo-server.ts'
import { type CpuMeter, processMeter } from '../cpu.ts'

/** What the floor is asked for. */
export type FloorRequest =
  /** One message back. */
  | { readonly type: 'echo'; readonly payload: object }
  /** So many messages of everything that is told. */
  | { readonly type: 'join'; readonly times: number }
  | { readonly type: 'tell'; readonly payload: object }
  /** What somebody says to a push, as soon as they do. */
  | { readonly type: 'follow'; readonly txid: string }

/** The floor in a process of its own. */
export interface Floor {
  readonly url: string
  readonly cpu: CpuMeter
}

/** Runs work against the floor, which may ask this Duo. */
export async function withStreamFloor<Result>(duo: DuoServer, work: (floor: Floor) => Promise<Result>): Promise<Result> {
  const { host, integrationKey, secretKey } = duo.settings
  const keys = { DUO_HOST: host, DUO_INTEGRATION_KEY: integrationKey, DUO_SECRET_KEY: secretKey }
  const server = await startProgram(['bench/stream-floor.ts'], { ...duo.env, ...keys })
  try {
    return await work({ url: server.url, cpu: processMeter(server.pid) })
  } finally {
    await server.stop()
  }
}

/** A socket to the floor. */
export class FloorSocket {
  private readonly socket: WebSocket
  private left = 0
  private heard: (at: number) => void = () => undefined

  private constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', (data: Buffer) => {
      const at = performance.now()
      // As a client of the product does.
      JSON.parse(data.toString('utf8'))
      this.left -= 1
      if (this.left === 0) this.heard(at)
    })
  }

  static async open(url: string): Promise<FloorSocket> {
    const socket = new WebSocket(url.replace('http', 'ws'), { perMessageDeflate: false })
    const floor = new FloorSocket(socket)
    await once(socket, 'open')
    return floor
  }

  send(request: FloorRequest): void {
    this.socket.send(JSON.stringify(request))
  }

  /** Resolves with when the last of so many messages has come, counted from now on. */
  hear(messages: number): Promise<number> {
    this.left = messages
    return new Promise((resolve) => {
      this.heard = resolve
    })
  }

  close(): void {
    this.socket.close()
  }
}
