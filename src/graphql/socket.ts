import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { GraphQLError, getOperationAST, OperationTypeNode } from 'graphql'
import { handleProtocols, makeServer, type SubscribePayload } from 'graphql-ws'
import { type WebSocket, WebSocketServer } from 'ws'
import { ServiceUnavailableError } from '../flow/errors.ts'
import type { AllowedOrigins } from '../http/allowed-origins.ts'
import type { RequestContext, RequestContexts } from '../http/request-context.ts'
import type { GraphQLServices } from './builder.ts'
import type { GraphQLServer } from './server.ts'
import { closeCodes, SocketClient } from './socket-client.ts'

/** The largest message of a socket (bytes). */
export const largestMessage = 65_536
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
  readonly now: () => Date
}

/**
 * `graphql-transport-ws` at `/graphql`, from pages that may talk to us: authenticated by the cookie or the header of the upgrade
 * request, or by a ticket in `connection_init`.
 */
export class GraphQLSockets {
  private readonly options: SocketOptions
  private readonly server = new WebSocketServer({ noServer: true, maxPayload: largestMessage, handleProtocols })
  private readonly clients = new Set<SocketClient>()
  private readonly protocol

  constructor(options: SocketOptions) {
    this.options = options
    this.protocol = makeServer<Record<string, unknown>, SocketClient>({
      // `tend` waits for all of them.
      connectionInitWaitTimeout: 0,
      onConnect: async ({ extra: client, connectionParams, subscriptions }) => {
        const admitted = await this.admit(client, connectionParams)
        if (admitted) client.operations = () => Object.keys(subscriptions).length
        return admitted
      },
      onSubscribe: async ({ extra: client, subscriptions }, id, params) => {
        client.stir()
        if (Object.keys(subscriptions).length > mostOperationsPerSocket)
          return [refusal('TOO_MANY_OPERATIONS', 'This socket runs too many operations.')]
        // The protocol's server takes one that was left before it began for the next one of that id, and would never end it.
        if (!client.begins(id)) {
          client.close(closeCodes.subscribedAlready, 'Subscriber already exists')
          return [refusal('SUBSCRIBED_ALREADY', 'This id is in use.')]
        }
        const prepared = await this.prepare(client.caller, params)
        if (Array.isArray(prepared)) client.hasBegun(id)
        return prepared
      },
      onOperation: ({ extra: client }, id) => client.hasBegun(id),
      execute: (args) => (args.rootValue as Enveloped).execute(args),
      subscribe: (args) => (args.rootValue as Enveloped).subscribe(args),
    })
  }

  /** Takes an upgrade request, or ends it with a status that says why not. */
  async upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy())
    const { contexts, origins, services } = this.options
    if (new URL(incoming.url ?? '/', 'http://localhost').pathname !== '/graphql') return refuse(socket, '404 Not Found')
    const caller = await contexts.of(incoming, randomUUID())
    if (!origins.admits(incoming.headers.origin, caller.origin.ownOrigin)) return refuse(socket, '403 Forbidden')
    const room = services.limits.takeConnection(caller.visitor.clientIp)
    if (room === 'server') return refuse(socket, '503 Service Unavailable')
    if (room === 'address') return refuse(socket, '429 Too Many Requests')

    let taken = false
    this.server.handleUpgrade(incoming, socket, head, (webSocket) => {
      taken = true
      this.open(webSocket, caller).hold(room)
    })
    // What is no handshake has been answered by now.
    if (!taken) room()
  }

  /** Closes what is idle, dead or does not read. Call it every few seconds: there is no timer for each socket. */
  tend(): void {
    for (const client of this.clients) client.tend()
  }

  /** Tells every client that the server goes away, and does not wait for those who do not answer. */
  async close(): Promise<void> {
    const hurry = setTimeout(() => {
      for (const client of this.server.clients) client.terminate()
    }, longestFarewell)
    for (const client of this.clients) client.close(closeCodes.goingAway, 'Going away')
    await new Promise((resolve) => this.server.close(resolve))
    clearTimeout(hurry)
  }

  private open(webSocket: WebSocket, caller: RequestContext): SocketClient {
    const client = new SocketClient(webSocket, caller, () => this.options.now().getTime())
    this.clients.add(client)
    const closed = this.protocol.opened(
      {
        protocol: webSocket.protocol,
        send: (text) => client.send(text),
        close: (code, reason) => client.close(code ?? closeCodes.internal, reason ?? ''),
        onMessage: (take) =>
          webSocket.on('message', (message) => {
            if (client.mayTake()) take(String(message)).catch((error: unknown) => this.failed(client, error))
          }),
        // What a client sends along is not sent back: that would make us send as much as it likes.
        onPing: () => client.send('{"type":"pong"}'),
      },
      client,
    )
    webSocket.once('close', (code, reason) => {
      this.clients.delete(client)
      closed(code, String(reason)).catch((error: unknown) => this.failed(client, error))
    })
    return client
  }

  /** Finds out whose socket it is. A ticket stands for itself: what else the upgrade request has said counts no more. */
  private async admit(client: SocketClient, params: Readonly<Record<string, unknown>> | undefined): Promise<boolean> {
    const { tickets, sessions, limits } = this.options.services
    const byTicket = params !== undefined && 'ticket' in params
    if (byTicket) {
      const handle = await tickets.redeem(params.ticket)
      if (handle === undefined) return false
      client.caller = withoutCookies(client.caller, handle)
    }
    const session = await sessions.find(client.caller.visitor.session)
    if (!session) return !byTicket
    const room = limits.takeInSession(session.id)
    if (room) client.hold(room)
    else client.close(closeCodes.tooMany, 'Too many sockets in this session')
    return room !== undefined
  }

  private failed(client: SocketClient, error: unknown): void {
    const { report } = this.options.services
    if (client.isOpen) report(error, client.caller.visitor.requestId)
    if (error instanceof ServiceUnavailableError) client.close(closeCodes.tryAgainLater, 'Try again later')
    else client.close(closeCodes.internal, 'Internal server error')
  }

  private async prepare(caller: RequestContext, params: SubscribePayload) {
    const { graphql, services } = this.options
    const { schema, parse, validate, contextFactory, execute, subscribe } = graphql.yoga.getEnveloped({
      services,
      caller,
      params,
      bySocket: true,
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

/** The caller as a program that has a session's handle and nothing else of a browser. */
function withoutCookies(caller: RequestContext, handle: string): RequestContext {
  const visitor = { ...caller.visitor, session: { type: 'handle', handle }, deviceCookie: () => undefined } as const
  return { ...caller, visitor, apiKey: undefined, byCookie: false }
}

function refusal(code: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code } })
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
