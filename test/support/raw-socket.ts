import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { WebSocket } from 'ws'
import type { Browser } from './browser.ts'

/** A message of `graphql-transport-ws`. */
export interface SocketMessage {
  readonly type: string
  readonly id?: string
  readonly payload?: unknown
}

/** How a socket is opened. */
export interface SocketOpening {
  readonly headers?: Record<string, string>
  readonly protocol?: string
  /** What stands behind the path. */
  readonly search?: string
  /** False: it does not answer when it is asked whether it is there. */
  readonly autoPong?: boolean
}

/** The client's end of a socket that says what a test wants, in whatever order. */
export class RawSocket {
  readonly socket: WebSocket
  /** The code that it was closed with; 1006 without a word. */
  readonly closed: Promise<number>
  private readonly unread: SocketMessage[] = []
  private came: () => void = () => undefined

  private constructor(socket: WebSocket) {
    this.socket = socket
    this.closed = new Promise((resolve) => socket.once('close', resolve))
    socket.on('error', () => undefined)
    socket.on('message', (data) => {
      this.unread.push(JSON.parse(String(data)))
      this.came()
    })
  }

  /** `url` is the server's; rejects with the status if it refuses. */
  static async open(
    url: string,
    { headers = {}, protocol = 'graphql-transport-ws', search = '', autoPong = true }: SocketOpening = {},
  ) {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql${search}`, protocol, { headers, autoPong })
    const raw = new RawSocket(socket)
    const refused = once(socket, 'unexpected-response').then(([, response]: unknown[]) => {
      const { statusCode } = response as IncomingMessage
      socket.terminate()
      throw new SocketRefused(statusCode)
    })
    await Promise.race([once(socket, 'open'), refused])
    return raw
  }

  /** With the cookies of a browser. */
  static async of(browser: Browser, { headers, ...rest }: SocketOpening = {}) {
    return RawSocket.open(browser.url, { headers: { cookie: await browser.cookieHeader(), ...headers }, ...rest })
  }

  send(message: SocketMessage): void {
    this.socket.send(JSON.stringify(message))
  }

  /** The next message. */
  async heard(): Promise<SocketMessage> {
    while (this.unread.length === 0) await new Promise<void>((resolve) => (this.came = resolve))
    return this.unread.shift() as SocketMessage
  }

  /** How many messages have come that nobody has asked for. */
  get waiting(): number {
    return this.unread.length
  }

  /** Says who it is; the reply, which is the acknowledgement unless it is closed. */
  async begin(payload?: object): Promise<SocketMessage | number> {
    this.send({ type: 'connection_init', ...(payload && { payload }) })
    return Promise.race([this.heard(), this.closed])
  }

  /** Leaves, and resolves when it has left. */
  async close(): Promise<void> {
    this.socket.close()
    await this.closed
  }
}

/** The server did not want the socket. */
class SocketRefused extends Error {
  readonly status: number | undefined
  constructor(status: number | undefined) {
    super(`The upgrade was refused: ${status}`)
    this.status = status
  }
}
