import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import type { ApiHost } from './api-host.ts'

/** What goes out. */
export interface OutgoingRequest {
  readonly host: ApiHost
  readonly method: 'GET' | 'POST'
  /** With its query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** Empty: none. */
  readonly body: string
  /** How long all of it may take, from the connection to the last byte (milliseconds). */
  readonly patience: number
  /** Bytes that are read of the reply's body. */
  readonly longestReply: number
  /** Whether it is a question that is held until there is an answer. */
  readonly held: boolean
  readonly signal: AbortSignal | undefined
}

/**
 * What came back. `lost`: no whole reply, where `stale` says that a connection which had stood idle was found closed.
 * `strange`: something that is no reply, or too long for one.
 */
export type Transmission =
  | { readonly type: 'reply'; readonly status: number; readonly body: string }
  | { readonly type: 'lost'; readonly reason: string; readonly stale: boolean }
  | { readonly type: 'strange'; readonly reason: string }

/** Connections to one host for questions that are answered at once, and for those that are held: the latter never take the place of the former. */
export interface ConnectionLimits {
  readonly quick: number
  readonly held: number
}

const mostConnections: ConnectionLimits = { quick: 200, held: 1000 }
/** How long a connection may stand idle (milliseconds). */
const longestIdle = 30_000

/** Makes what sends requests over connections that are kept; follows no redirect. */
export function createTransport(
  authority: string | undefined,
  limits = mostConnections,
): (outgoing: OutgoingRequest) => Promise<Transmission> {
  const agentFor = (maxSockets: number) =>
    new Agent({
      keepAlive: true,
      maxSockets,
      scheduling: 'lifo',
      timeout: longestIdle,
      ...(authority !== undefined && { ca: authority }),
    })
  const agents = { quick: agentFor(limits.quick), held: agentFor(limits.held) }
  return (outgoing) => send(outgoing, outgoing.held ? agents.held : agents.quick)
}

function send(outgoing: OutgoingRequest, agent: Agent): Promise<Transmission> {
  const { host, method, path, headers, body, patience, signal } = outgoing
  if (signal?.aborted) return Promise.resolve({ type: 'lost', reason: 'nobody waits for the reply', stale: false })
  return new Promise((resolve) => {
    const sent = request({
      agent,
      host: host.hostname,
      port: host.port,
      method,
      path,
      headers: { ...headers, host: host.host, ...(body && { 'content-length': Buffer.byteLength(body) }) },
    })
    const end = (transmission: Transmission) => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', hangUp)
      resolve(transmission)
      // What is left of the exchange holds a connection.
      if (transmission.type !== 'reply') sent.destroy()
    }
    const lose = (reason: string) => end({ type: 'lost', reason, stale: false })
    const hangUp = () => lose('nobody waits for the reply')
    const timer = setTimeout(() => lose('no reply in time'), patience)
    signal?.addEventListener('abort', hangUp, { once: true })
    sent.on('error', (error) => end(broken(error, sent.reusedSocket)))
    sent.on('response', (reply) => read(reply, outgoing.longestReply, end))
    sent.end(body)
  })
}

function read(reply: IncomingMessage, longest: number, end: (transmission: Transmission) => void): void {
  const chunks: Buffer[] = []
  let length = 0
  reply.on('data', (chunk: Buffer) => {
    length += chunk.length
    if (length > longest) return end({ type: 'strange', reason: `a reply of more than ${longest} bytes` })
    chunks.push(chunk)
  })
  reply.on('end', () => end({ type: 'reply', status: reply.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }))
  reply.on('error', (error) => end(broken(error, false)))
}

function broken(error: NodeJS.ErrnoException, reused: boolean): Transmission {
  const code = error.code ?? 'no code'
  // The parser of HTTP names its errors so.
  if (code.startsWith('HPE_')) return { type: 'strange', reason: `no HTTP (${code})` }
  return { type: 'lost', reason: `the connection failed (${code})`, stale: reused && (code === 'ECONNRESET' || code === 'EPIPE') }
}
