import { EventEmitter, once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Clock } from './clock.ts'
import { DuoAccount, duoId } from './duo-account.ts'
import { checkParameters, duoEndpoints } from './duo-endpoints.ts'
import { DuoRefusal, type Integration, type ReceivedRequest, readParameters, receive, verifySignature } from './duo-request.ts'

/** What goes wrong with a request, after it was found to be in order. */
export type DuoFault =
  /** An answer of any kind. */
  | { readonly type: 'reply'; readonly status: number; readonly body?: string; readonly headers?: Record<string, string> }
  /** A refusal in Duo's envelope, such as 42901. */
  | { readonly type: 'fail'; readonly code: number; readonly message?: string; readonly detail?: string }
  /** Duo's envelope with something else in it. */
  | { readonly type: 'response'; readonly response: unknown; readonly metadata?: unknown }
  /** No answer, and no connection any more. */
  | { readonly type: 'close' }
  /** No answer for as long as this takes; for ever, unless it resolves. Then the real one. */
  | { readonly type: 'hold'; readonly until?: Promise<unknown> }
  /** The real answer, later (milliseconds). */
  | { readonly type: 'delay'; readonly milliseconds: number }

/** A request as tests see it. */
export interface DuoServerRequest extends ReceivedRequest {
  parameters: Readonly<Record<string, string>>
  /** The port that it came from: equal for requests over one connection. */
  readonly connection: number
  /** Why it was refused, once it was: Duo's five digits. */
  refused: number | undefined
  /** Resolves when the client hangs up before it was answered. */
  readonly abandoned: Promise<void>
  /** Resolves when the answer is on its way. */
  readonly answered: Promise<void>
}

/** How the server is started. */
export interface DuoServerOptions {
  /** What requests' dates are held against; the tests' own clock at its start, unless told. */
  readonly now?: () => Date
  /** The integration of the Auth API. */
  readonly integration?: Integration
  /** Whether requests are kept for tests to look at; servers that get very many should not. */
  readonly keepsRequests?: boolean
}

/** The network's side of a Duo of our own: HTTPS on loopback, and what goes wrong there. */
export class DuoListener {
  readonly account = new DuoAccount()
  /** What requests' dates are held against; may be set to a server's clock once that is there. */
  now: () => Date
  /** The keys of the Auth API and of the Admin API. */
  readonly auth: Integration
  readonly admin: Integration = { integrationKey: duoId('DI'), secretKey: duoId('', 40) }
  /** Who vouches for the server, in PEM, and the file that says so: `DUO_CA_FILE`. */
  readonly ca: string
  readonly caFile: string
  private readonly folder = mkdtempSync(join(tmpdir(), 'stagedoor-duo-'))
  private readonly server: Server
  private readonly keepsRequests: boolean
  private readonly received = new Map<string, DuoServerRequest[]>()
  private readonly next = new Map<string, DuoFault[]>()
  private readonly always = new Map<string, DuoFault>()
  private readonly arrivals = new EventEmitter().setMaxListeners(0)
  private readonly given = new Map<string, number>()

  constructor(options: DuoServerOptions, certificates: { ca: string; cert: string; key: string }) {
    const clock = new Clock()
    this.now = options.now ?? (() => clock.now())
    this.auth = options.integration ?? { integrationKey: duoId('DI'), secretKey: duoId('', 40) }
    this.keepsRequests = options.keepsRequests ?? true
    this.ca = certificates.ca
    this.caFile = join(this.folder, 'duo-ca.pem')
    writeFileSync(this.caFile, this.ca)
    const { cert, key } = certificates
    this.server = createServer({ cert, key, keepAliveTimeout: 60_000 }, (request, response) => {
      this.serve(request, response).catch(() => response.destroy())
    })
    // A client that hangs up in the middle of a greeting is no failure of a test.
    this.server.on('tlsClientError', () => undefined)
  }

  async listen(): Promise<void> {
    await once(this.server.listen(0, '127.0.0.1'), 'listening')
  }

  async close(): Promise<void> {
    this.account.close()
    rmSync(this.folder, { recursive: true, force: true })
    if (!this.server.listening) return
    this.server.closeAllConnections()
    this.server.close()
    await once(this.server, 'close')
  }

  /** `127.0.0.1:<port>` */
  get host(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  /** Connections that are open, idle ones among them. */
  connections(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.getConnections((error, count) => (error ? reject(error) : resolve(count)))
    })
  }

  /** What happens to the next request to a path, before others that were told later. */
  failNext(path: string, ...faults: DuoFault[]): void {
    this.next.set(path, [...(this.next.get(path) ?? []), ...faults])
  }

  /** What happens to all requests to a path (`*`: to any). */
  failAlways(path: string, fault: DuoFault): void {
    this.always.set(path, fault)
  }

  /** Everything is well again. */
  heal(): void {
    this.next.clear()
    this.always.clear()
  }

  /** The next request to a path that no call has given out yet; waits for it. */
  async request(path: string): Promise<DuoServerRequest> {
    const place = this.given.get(path) ?? 0
    this.given.set(path, place + 1)
    while (this.requestsTo(path).length <= place) await once(this.arrivals, path)
    return this.requestsTo(path)[place] as DuoServerRequest
  }

  /** Every request to a path, the refused ones too. */
  requestsTo(path: string): readonly DuoServerRequest[] {
    return this.received.get(path) ?? []
  }

  private async serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const hungUp = new Promise<void>((resolve) => response.once('close', () => response.writableEnded || resolve()))
    const answered = new Promise<void>((resolve) => response.once('finish', resolve))
    const connection = incoming.socket.remotePort ?? 0
    const received = await receive(incoming)
    const request: DuoServerRequest = { ...received, parameters: {}, connection, refused: undefined, abandoned: hungUp, answered }
    let refusal: DuoRefusal | undefined
    try {
      const parameters = readParameters(received)
      request.parameters = Object.fromEntries(parameters)
      this.judge(received, parameters)
    } catch (error) {
      refusal = asRefusal(error)
    }
    this.keep(request)
    try {
      if (refusal) throw refusal
      if (!(await this.spoil(request.path, response))) this.answer(request, response)
    } catch (error) {
      const refused = asRefusal(error)
      request.refused = refused.code
      refuse(response, refused)
    }
  }

  private keep(request: DuoServerRequest): void {
    if (this.keepsRequests) {
      const others = this.received.get(request.path)
      if (others) others.push(request)
      else this.received.set(request.path, [request])
    }
    this.arrivals.emit(request.path)
  }

  private judge(request: ReceivedRequest, parameters: ReadonlyMap<string, string>): void {
    const endpoint = duoEndpoints.get(`${request.method} ${request.path}`)
    if (!endpoint) {
      const known = [...duoEndpoints.keys()].some((key) => key.endsWith(` ${request.path}`))
      throw known ? new DuoRefusal(40_501, 'Method not allowed') : new DuoRefusal(40_401, 'Resource not found')
    }
    if (endpoint.api === 'none') return
    const integrations = [{ ...this.auth, api: 'auth' } as const, { ...this.admin, api: 'admin' } as const]
    const { api } = verifySignature(request, parameters, integrations, this.now())
    if (api !== endpoint.api) throw new DuoRefusal(40_301, 'Access forbidden')
    checkParameters(endpoint, parameters)
  }

  private answer(request: DuoServerRequest, response: ServerResponse): void {
    const parameters = new Map(Object.entries(request.parameters))
    const context = { parameters, account: this.account, now: this.now(), origin: `https://${this.host}` }
    const answer = duoEndpoints.get(`${request.method} ${request.path}`)?.answer(context)
    if (!answer) return
    if ('later' in answer) {
      const leave = answer.later((late) => send(response, 200, { stat: 'OK', response: late }))
      response.once('close', leave)
    } else send(response, 200, { stat: 'OK', ...answer })
  }

  /** Lets happen what a test has said; returns whether that was the answer. */
  private async spoil(path: string, response: ServerResponse): Promise<boolean> {
    const fault = this.next.get(path)?.shift() ?? this.always.get(path) ?? this.always.get('*')
    switch (fault?.type) {
      case undefined:
        return false
      case 'reply':
        response.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers }).end(fault.body ?? '')
        return true
      case 'fail':
        refuse(response, new DuoRefusal(fault.code, fault.message ?? 'Refused', fault.detail))
        return true
      case 'response':
        send(response, 200, { stat: 'OK', response: fault.response, metadata: fault.metadata })
        return true
      case 'close':
        response.destroy()
        return true
      case 'hold':
        await (fault.until ?? once(response, 'close'))
        return response.destroyed
      case 'delay':
        await new Promise((resolve) => setTimeout(resolve, fault.milliseconds))
        return response.destroyed
    }
  }
}

/** A refusal, or throws: what is none is a mistake of ours. */
function asRefusal(error: unknown): DuoRefusal {
  if (error instanceof DuoRefusal) return error
  throw error
}

function refuse(response: ServerResponse, { code, message, detail }: DuoRefusal): void {
  const status = Math.floor(code / 100)
  send(response, status, { stat: 'FAIL', code, message, ...(detail !== undefined && { message_detail: detail }) })
}

function send(response: ServerResponse, status: number, envelope: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(envelope))
}
