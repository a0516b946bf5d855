import { EventEmitter, once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { SMTPServer } from 'smtp-server'
import { createCertificate } from './certificates.ts'
import { type MailMessage, readMessage } from './mail-message.ts'

/** A mail that came in. */
export interface ReceivedMail extends MailMessage {
  readonly from: string
  readonly to: readonly string[]
  /** As whom its sender signed in. */
  readonly user: string | undefined
  readonly encrypted: boolean
  readonly raw: string
}

/** When and with what a mail is refused. */
export interface Refusal {
  readonly at: 'connect' | 'from' | 'to' | 'data'
  /** 4xx: for now; 5xx: for good. */
  readonly code: number
  readonly message?: string
}

/** A key and its certificate, as PEM. */
export interface MailCertificate {
  readonly key: string
  readonly cert: string
}

/** What the server asks for. */
export interface MailServerOptions {
  readonly encryption?: 'none' | 'starttls' | 'ssl'
  /** For the encryption; without, one that nobody trusts. */
  readonly certificate?: MailCertificate
  /** Whom it lets in; everybody unless told. */
  readonly credentials?: { readonly username: string; readonly password: string }
}

/** A real mail server on loopback, which keeps what it is sent. */
export class MailServer {
  readonly mails: ReceivedMail[] = []
  /** How many clients have connected. */
  connections = 0
  /** What happens to the mails that come from now on; undefined: they are taken. */
  refusal: Refusal | undefined
  /** Awaited before a mail is taken: for servers that are slow. */
  hold: Promise<void> | undefined
  private handedOver = 0
  private taken = 0
  private readonly arrivals = new EventEmitter()
  private readonly server: SMTPServer

  constructor({ encryption = 'none', certificate, credentials }: MailServerOptions) {
    this.server = new SMTPServer({
      ...certificate,
      secure: encryption === 'ssl',
      disableReverseLookup: true,
      disabledCommands: [...(encryption === 'starttls' ? [] : ['STARTTLS']), ...(credentials ? [] : ['AUTH'])],
      allowInsecureAuth: true,
      authOptional: credentials === undefined,
      closeTimeout: 100,
      onAuth: ({ username, password }, _, callback) =>
        username === credentials?.username && password === credentials?.password
          ? callback(null, { user: username })
          : callback(new Error('Wrong credentials')),
      onConnect: (_, callback) => {
        this.connections += 1
        callback(this.refusalAt('connect'))
      },
      onMailFrom: (_, __, callback) => callback(this.refusalAt('from')),
      onRcptTo: (_, __, callback) => callback(this.refusalAt('to')),
      onData: async (stream, { envelope, user, secure }, callback) => {
        const raw = await text(stream)
        this.handedOver += 1
        this.arrivals.emit('mail')
        await this.hold
        const refused = this.refusalAt('data')
        if (refused) return callback(refused)
        const from = envelope.mailFrom ? envelope.mailFrom.address : ''
        const to = envelope.rcptTo.map(({ address }) => address)
        this.mails.push({ ...readMessage(raw), raw, from, to, user, encrypted: secure })
        callback(null)
        this.arrivals.emit('mail')
      },
    })
    // A client that hangs up is no failure of a test.
    this.server.on('error', () => undefined)
  }

  async listen(): Promise<void> {
    const server = this.server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  }

  get port(): number {
    return (this.server.server.address() as AddressInfo).port
  }

  /** The environment of a server that sends its mail here. */
  get env(): Record<string, string> {
    return { EMAIL_HOST: '127.0.0.1', EMAIL_PORT: String(this.port), EMAIL_FROM: 'login@example.test' }
  }

  /** The next mail that no call has given out yet; waits for it. */
  async next(): Promise<ReceivedMail> {
    while (this.mails.length <= this.taken) await once(this.arrivals, 'mail')
    this.taken += 1
    return this.mails[this.taken - 1] as ReceivedMail
  }

  /** Resolves when so many mails were handed over, taken or not. */
  async has(count: number): Promise<void> {
    while (this.handedOver < count) await once(this.arrivals, 'mail')
  }

  /** The latest mail to an address, when there are as many; waits for it. */
  async to(address: string, count = 1): Promise<ReceivedMail> {
    const sent = () => this.mails.filter(({ to }) => to.includes(address))
    while (sent().length < count) await once(this.arrivals, 'mail')
    return sent().at(-1) as ReceivedMail
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.server.close(resolve))
  }

  private refusalAt(at: Refusal['at']): Error | undefined {
    if (this.refusal?.at !== at) return undefined
    return Object.assign(new Error(this.refusal.message ?? 'Refused'), { responseCode: this.refusal.code })
  }
}

/** Starts a mail server on a free port of loopback. */
export async function startMailServer(options: MailServerOptions = {}): Promise<MailServer> {
  const encrypted = options.encryption !== undefined && options.encryption !== 'none'
  const certificate = options.certificate ?? (encrypted ? await mailCertificate('127.0.0.1') : undefined)
  const server = new MailServer({ ...options, ...(certificate && { certificate }) })
  await server.listen()
  return server
}

/** A certificate that signs itself, for one address, good today: TLS knows no other clock. */
export async function mailCertificate(address: string): Promise<MailCertificate> {
  const day = 86_400_000
  const { pem, keyPem } = await createCertificate({
    ca: true,
    names: [{ type: 'ip', value: address }],
    notBefore: new Date(Date.now() - day),
    notAfter: new Date(Date.now() + day),
  })
  return { key: keyPem, cert: pem }
}
