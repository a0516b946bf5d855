import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream'

/** What a network may keep from coming through: sockets, server-sent events, what is in these once they are there, or everything. */
type Kept = 'sockets' | 'streams' | 'events' | 'everything'

/** A network between browsers and a server, which can be cut, and refuse what it does not like. */
class FrontProxy {
  /** What it refuses from now on. */
  readonly refuses = new Set<Kept>()
  /** How many sockets and streams came through so far. */
  passed = 0
  private readonly open = new Set<Duplex>()
  private readonly server: Server
  private target = new URL('http://127.0.0.1:1')

  constructor() {
    this.server = createServer((incoming, outgoing) => this.forward(incoming, outgoing))
    this.server.on('upgrade', (incoming, socket, head) => this.upgrade(incoming, socket, head))
  }

  async listen(): Promise<void> {
    await once(this.server.listen(0, '127.0.0.1'), 'listening')
  }

  /** By the name that browsers trust with passkeys. */
  get url(): string {
    return `http://localhost:${(this.server.address() as AddressInfo).port}`
  }

  /** How many sockets and streams are open. */
  get held(): number {
    return this.open.size
  }

  leadTo(url: string): void {
    this.target = new URL(url)
  }

  /** Cuts all sockets and streams, without a word. */
  cut(): void {
    for (const connection of this.open) connection.destroy()
  }

  close(): void {
    this.cut()
    this.server.closeAllConnections()
    this.server.close()
  }

  private forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const streams = incoming.headers.accept === 'text/event-stream'
    if (this.refuses.has('everything')) return void incoming.socket.destroy()
    if (streams && this.refuses.has('streams')) return void outgoing.writeHead(502).end()
    if (streams) this.track(incoming.socket)
    const { method, url, headers } = incoming
    const onward = request({ hostname: this.target.hostname, port: this.target.port, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      outgoing.flushHeaders()
      if (streams && this.refuses.has('events')) return void answer.resume()
      pipeline(answer, outgoing, () => undefined)
    })
    outgoing.on('close', () => onward.destroy())
    onward.on('error', () => outgoing.destroy())
    incoming.pipe(onward)
  }

  private upgrade({ method, url, rawHeaders }: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy())
    if (this.refuses.has('everything')) return void socket.destroy()
    if (this.refuses.has('sockets')) return void socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n')
    this.track(socket)
    const onward = connect(Number(this.target.port), this.target.hostname)
    const lines = rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1]}`] : []))
    onward.write(`${method} ${url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
    onward.write(head)
    pipeline(socket, onward, () => undefined)
    pipeline(onward, socket, () => undefined)
  }

  private track(connection: Duplex): void {
    this.passed += 1
    this.open.add(connection)
    connection.once('close', () => this.open.delete(connection))
  }
}

/** Starts one on a free port; it leads nowhere until it is told where. */
export async function startFrontProxy(): Promise<FrontProxy> {
  const proxy = new FrontProxy()
  await proxy.listen()
  return proxy
}
