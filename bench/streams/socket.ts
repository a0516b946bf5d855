import { once } from 'node:events'
import { WebSocket } from 'ws'
import { stepFields } from '../journeys.ts'
import { Watch } from './watch.ts'

const query = `subscription Watch($id: ID!) { flowExecution(id: $id) { ...Step waiting { reason until pollAfter delivery } } } ${stepFields}`

/** What the server sends over `graphql-transport-ws`. */
interface Message {
  readonly id?: string
  readonly type: string
  readonly payload?: { readonly data?: { readonly flowExecution: { readonly sequence: number } } | null }
}

/** A client of `graphql-transport-ws` that costs next to nothing, so that what is measured is the server. */
export class StreamSocket {
  private readonly socket: WebSocket
  private readonly watches = new Map<string, Watch>()

  private constructor(socket: WebSocket) {
    this.socket = socket
  }

  /** Opens a socket with these headers; resolves once the server has greeted. */
  static open(url: string, headers: Readonly<Record<string, string>>): Promise<StreamSocket> {
    const address = `${url.replace('http', 'ws')}/graphql`
    const socket = new WebSocket(address, 'graphql-transport-ws', { headers: { ...headers }, perMessageDeflate: false })
    const stream = new StreamSocket(socket)
    return new Promise((resolve, reject) => {
      const end = (why: string) => {
        reject(new Error(why))
        for (const watch of stream.watches.values()) watch.fail(why)
      }
      socket.on('open', () => socket.send('{"type":"connection_init"}'))
      socket.on('error', (error) => end(`The socket failed: ${error.message}`))
      socket.on('close', (code) => end(`The socket was closed with ${code}.`))
      socket.on('message', (data: Buffer) => {
        const at = performance.now()
        const message: Message = JSON.parse(data.toString('utf8'))
        if (message.type === 'connection_ack') resolve(stream)
        else stream.take(message, at)
      })
    })
  }

  /** Subscribes to an execution; resolves once what stands was heard. */
  async watch(executionId: string): Promise<Watch> {
    const id = String(this.watches.size)
    const watch = new Watch()
    this.watches.set(id, watch)
    this.socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query, variables: { id: executionId } } }))
    await watch.after(0)
    return watch
  }

  /** Resolves when both sides have closed it. */
  async close(): Promise<void> {
    this.socket.removeAllListeners('close').close()
    if (this.socket.readyState !== WebSocket.CLOSED) await once(this.socket, 'close')
  }

  private take(message: Message, at: number): void {
    if (message.type === 'ping') {
      this.socket.send('{"type":"pong"}')
      return
    }
    const watch = this.watches.get(message.id ?? '')
    const sequence = message.payload?.data?.flowExecution.sequence
    if (message.type === 'next' && sequence !== undefined) watch?.hear(sequence, at)
    else watch?.fail(`The server sent ${JSON.stringify(message)}`)
  }
}
