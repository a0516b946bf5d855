import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { GraphQLError, getOperationAST, OperationTypeNode } from 'graphql'
import { useServer } from 'graphql-ws/use/ws'
import { type WebSocket, WebSocketServer } from 'ws'
import type { AllowedOrigins } from '../http/allowed-origins.ts'
import type { RequestContext, RequestContexts } from '../http/request-context.ts'
import type { GraphQLServices } from './builder.ts'
import type { GraphQLServer } from './server.ts'

/** The largest message of a socket (bytes). */
export const largestMessage = 65_536
/** How many sockets one address may hold. */
export const mostSocketsPerAddress = 100
/** How many operations one socket may run at once. */
export const mostOperationsPerSocket = 20

/** For how long a server that stops waits for its clients (milliseconds). */
export const longestFarewell = 10_000

/** What the sockets are made of. */
export interface SocketOptions {
  readonly graphql: GraphQLServer
  readonly services: GraphQLServices
  readonly contexts: RequestContexts
  readonly origins: AllowedOrigins
}

/** `graphql-transport-ws` at `/graphql`: authenticated by the cookie of the upgrade request, from pages that may talk to us. */
export class GraphQLSockets {
  private readonly options: SocketOptions
  private readonly server = new WebSocketServer({ noServer: true, maxPayload: largestMessage })
  private readonly callers = new WeakMap<IncomingMessage, RequestContext>()
  private readonly byAddress = new Map<string, number>()
  private readonly protocol

  constructor(options: SocketOptions) {
    this.options = options
    this.protocol = useServer(
      {
        // The protocol's own limit on waiting for a client that connects and says nothing.
        connectionInitWaitTimeout: 5000,
        // What breaks in here is not told in the reason that a socket closes with.
        isProd: true,
        onSubscribe: ({ extra, subscriptions }, _id, params) => {
          if (Object.keys(subscriptions).length > mostOperationsPerSocket)
            return [refusal('TOO_MANY_OPERATIONS', 'This socket runs too many operations.')]
          return this.prepare(this.callers.get(extra.request), params)
        },
        execute: (args) => (args.rootValue as Enveloped).execute(args),
        subscribe: (args) => (args.rootValue as Enveloped).subscribe(args),
      },
      this.server,
    )
  }

  /** Takes an upgrade request, or ends it with a status that says why not. */
  async upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy())
    const { contexts, origins } = this.options
    if (new URL(incoming.url ?? '/', 'http://localhost').pathname !== '/graphql') return refuse(socket, '404 Not Found')
    const caller = await contexts.of(incoming, randomUUID())
    if (!origins.admits(incoming.headers.origin, caller.origin.ownOrigin)) return refuse(socket, '403 Forbidden')
    const { clientIp } = caller.visitor
    const held = this.byAddress.get(clientIp) ?? 0
    if (held >= mostSocketsPerAddress) return refuse(socket, '429 Too Many Requests')

    this.callers.set(incoming, caller)
    this.server.handleUpgrade(incoming, socket, head, (webSocket) => {
      this.count(clientIp, webSocket)
      this.server.emit('connection', webSocket, incoming)
      // graphql-ws would write to the console whatever a client does wrong; the client is told, and that is enough.
      webSocket.removeAllListeners('error').on('error', () => undefined)
    })
  }

  /** Tells every client that the server goes away, and does not wait for those who do not answer. */
  async close(): Promise<void> {
    const hurry = setTimeout(() => {
      for (const client of this.server.clients) client.terminate()
    }, longestFarewell)
    await this.protocol.dispose()
    clearTimeout(hurry)
  }

  private count(clientIp: string, webSocket: WebSocket): void {
    this.byAddress.set(clientIp, (this.byAddress.get(clientIp) ?? 0) + 1)
    webSocket.once('close', () => {
      const left = (this.byAddress.get(clientIp) ?? 1) - 1
      if (left > 0) this.byAddress.set(clientIp, left)
      else this.byAddress.delete(clientIp)
    })
  }

  private async prepare(
    caller: RequestContext | undefined,
    params: { query: string; operationName?: string | null | undefined; variables?: Record<string, unknown> | null | undefined },
  ) {
    if (!caller) return [refusal('UNAUTHENTICATED', 'The socket has lost its request.')]
    const { graphql, services } = this.options
    const { schema, parse, validate, contextFactory, execute, subscribe } = graphql.yoga.getEnveloped({
      services,
      caller,
      params,
    } as never)
    try {
      const document = parse(params.query)
      // Neither an answer nor a read that goes on may run here: no cookie could be set.
      if (getOperationAST(document, params.operationName)?.operation !== OperationTypeNode.SUBSCRIPTION) {
        return [refusal('SUBSCRIPTIONS_ONLY', 'A socket carries subscriptions. Send queries and mutations by HTTP.')]
      }
      const errors = validate(schema, document) as readonly GraphQLError[]
      if (errors.length > 0) return errors
      const contextValue = await contextFactory()
      return {
        schema,
        document,
        contextValue,
        variableValues: params.variables,
        operationName: params.operationName,
        rootValue: { execute, subscribe },
      }
    } catch (error) {
      if (error instanceof GraphQLError) return [error]
      throw error
    }
  }
}

type Enveloped = Pick<ReturnType<GraphQLServer['yoga']['getEnveloped']>, 'execute' | 'subscribe'>

function refusal(code: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code } })
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
