import type { WebSocket } from 'ws'
import type { RequestContext } from '../http/request-context.ts'
import type { Release } from './subscription-limits.ts'

/** How many messages one client may send in a minute, whatever they say. */
export const mostMessagesPerMinute = 120
/** How much may wait for a client that does not read (bytes). */
export const mostUnread = 1_048_576
/** How long a client may take to say who it is (seconds). */
export const longestSilence = 10
/** How long a socket may be open without an operation (seconds). */
export const longestIdle = 60
/** How long a socket may be quiet before the client is asked whether it is there, and how long it may take to say so (seconds). */
export const quietBeforePing = 15
export const longestUntilPong = 15

/** Why the server closes a socket: the codes of `graphql-transport-ws`, and `idle` of our own. */
export const closeCodes = {
  goingAway: 1001,
  tryAgainLater: 1013,
  forbidden: 4403,
  silent: 4408,
  subscribedAlready: 4409,
  idle: 4410,
  tooMany: 4429,
  internal: 4500,
} as const

/** A close frame has 123 bytes for the reason, and a character of ours takes three at the most. */
const longestReason = 41

/** The client at the other end of a socket, and what it may do. */
export class SocketClient {
  /** Who it is: what the upgrade request has said, unless a ticket says something else. */
  caller: RequestContext
  /** How many operations it runs; undefined until it has said who it is. */
  operations: (() => number) | undefined
  private readonly socket: WebSocket
  private readonly now: () => number
  private readonly openedAt: number
  private busyAt: number
  private heardAt: number
  private pingedAt: number | undefined
  private minute = { since: 0, messages: 0 }
  private readonly room: Release[] = []
  private readonly beginning = new Set<string>()

  /** `now`: milliseconds since 1970. */
  constructor(socket: WebSocket, caller: RequestContext, now: () => number) {
    this.socket = socket
    this.caller = caller
    this.now = now
    this.openedAt = this.busyAt = this.heardAt = now()
    socket.on('pong', () => {
      this.pingedAt = undefined
      this.heardAt = now()
    })
    socket.once('close', () => this.free())
    // The client is told by a close code what it does wrong, and that is enough.
    socket.on('error', () => undefined)
  }

  get isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN
  }

  /** Gives that back when the socket is closed. */
  hold(room: Release): void {
    this.room.push(room)
    if (this.socket.readyState === this.socket.CLOSED) this.free()
  }

  /** Resolves when the message is out of our hands; one to who does not read ends the socket. */
  send(text: string): Promise<void> {
    if (!this.isOpen) return Promise.resolve()
    if (this.socket.bufferedAmount > mostUnread) {
      this.socket.terminate()
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => this.socket.send(text, (error) => (error ? reject(error) : resolve())))
  }

  close(code: number, reason: string): void {
    this.socket.close(code, reason.slice(0, longestReason))
  }

  /** Whether a message may be looked at; one too many closes the socket. */
  mayTake(): boolean {
    if (!this.isOpen) return false
    const now = this.now()
    this.heardAt = now
    if (now - this.minute.since >= 60_000) this.minute = { since: now, messages: 0 }
    this.minute.messages += 1
    if (this.minute.messages <= mostMessagesPerMinute) return true
    this.close(closeCodes.tooMany, 'Too many messages')
    return false
  }

  /** An operation begins: the socket is not idle. */
  stir(): void {
    this.busyAt = this.now()
  }

  /** Takes an id for an operation that begins; false while another one begins under it. */
  begins(id: string): boolean {
    if (this.beginning.has(id)) return false
    this.beginning.add(id)
    return true
  }

  /** The operation runs, or was refused. */
  hasBegun(id: string): void {
    this.beginning.delete(id)
  }

  /** Closes the socket of a client that says, does or reads nothing, and asks a quiet one whether it is there. */
  tend(): void {
    if (!this.isOpen) return
    if (this.operations?.()) this.stir()
    if (this.socket.bufferedAmount > mostUnread) this.socket.terminate()
    else if (!this.operations && this.hasPassed(longestSilence, this.openedAt))
      this.close(closeCodes.silent, 'Connection initialisation timeout')
    else if (this.hasPassed(longestIdle, this.busyAt)) this.close(closeCodes.idle, 'Idle')
    else this.ask()
  }

  private ask(): void {
    if (this.pingedAt === undefined) {
      if (!this.hasPassed(quietBeforePing, this.heardAt)) return
      this.pingedAt = this.now()
      this.socket.ping()
    } else if (this.hasPassed(longestUntilPong, this.pingedAt)) this.socket.terminate()
  }

  private hasPassed(seconds: number, since: number): boolean {
    return this.now() - since >= seconds * 1000
  }

  private free(): void {
    for (const release of this.room) release()
  }
}
