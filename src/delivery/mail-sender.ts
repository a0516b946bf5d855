import { createTransport } from 'nodemailer'
import type { OutgoingMail, SmtpSettings } from '../flow/accounts.ts'
import { DeliveryFailure } from './delivery-failure.ts'
import type { AddressedMail } from './mail-channel.ts'
import { mailFailure } from './mail-failure.ts'
import { MailTemplateError, type MailTemplates, SlowTemplateError } from './mail-templates.ts'

/** What the server's operator says about mail. */
export interface MailSettings {
  /** Undefined: mails that name no mail server of their own wait. */
  readonly smtp: SmtpSettings | undefined
  readonly from: string
}

/** How many mail servers stay connected. */
const mostTransports = 10
const longestName = 100
/** RFC 5321, section 4.5.3.1.3. */
const longestAddress = 254

type Transport = ReturnType<typeof connect>

/** Writes mails and hands them to mail servers. */
export class MailSender {
  private readonly settings: MailSettings
  private readonly templates: MailTemplates
  /** By their settings, the one used last at the end. */
  private readonly transports = new Map<string, Transport>()

  constructor(settings: MailSettings, templates: MailTemplates) {
    this.settings = settings
    this.templates = templates
  }

  /** Sends a mail to whom it is for. A second try bears the same id. Throws a {@link DeliveryFailure}. */
  async send(id: string, mail: AddressedMail, signal: AbortSignal): Promise<void> {
    const smtp = mail.smtp ?? this.settings.smtp
    if (!smtp)
      throw new DeliveryFailure('no EMAIL_HOST. Set it, or name a mail server in the stage (README, Configuration).', {
        permanent: false,
      })
    const { cc = [], bcc = [] } = mail
    if (![mail.to.address, ...cc, ...bcc].every(isAddress))
      throw new DeliveryFailure('This is no address that mail can be sent to.', { permanent: true })
    const { html, text } = await this.write(mail)
    const from = mail.from || this.settings.from
    try {
      await this.transport(smtp).sendMail({
        messageId: `<${id}@${domainOf(from)}>`,
        from: oneLine(from),
        to: { name: oneLine(mail.to.name).slice(0, longestName), address: mail.to.address },
        cc: cc.map(nameless),
        bcc: bcc.map(nameless),
        subject: oneLine(mail.subject),
        html,
        ...(text !== undefined && { text }),
        // Holiday notices and the like must not answer (RFC 3834, section 5).
        headers: { 'Auto-Submitted': 'auto-generated' },
        disableFileAccess: true,
        disableUrlAccess: true,
        signal,
      })
    } catch (error) {
      throw mailFailure(error)
    }
  }

  /** Ends the connections that are idle, and each other one when its mail is through. */
  close(): void {
    for (const transport of this.transports.values()) transport.close()
    this.transports.clear()
  }

  private async write({ template, values, languages }: OutgoingMail) {
    try {
      return await this.templates.render(template, { brand: { title: 'Stagedoor' }, ...values }, languages)
    } catch (error) {
      if (!(error instanceof MailTemplateError)) throw error
      throw new DeliveryFailure(error.message, { permanent: !(error instanceof SlowTemplateError), cause: error })
    }
  }

  private transport(smtp: SmtpSettings): Transport {
    const key = JSON.stringify(smtp)
    const transport = this.transports.get(key) ?? connect(smtp)
    this.transports.delete(key)
    this.transports.set(key, transport)
    const [oldest] = this.transports
    if (oldest && this.transports.size > mostTransports) {
      oldest[1].close()
      this.transports.delete(oldest[0])
    }
    return transport
  }
}

function connect({ host, port, username, password, useTls, useSsl, timeout }: SmtpSettings) {
  const patience = timeout * 1000
  return createTransport({
    pool: true,
    host,
    port,
    secure: useSsl,
    requireTLS: useTls && !useSsl,
    // Whoever asks for no encryption gets what the server offers, unproven: better than none (RFC 7435).
    ...(!useTls && !useSsl && { opportunisticTLS: true, tls: { rejectUnauthorized: false } }),
    ...(username && { auth: { user: username, pass: password } }),
    connectionTimeout: patience,
    greetingTimeout: patience,
    socketTimeout: patience,
    dnsTimeout: patience,
    idleTimeout: 10_000,
    maxConnections: 4,
    // The queue tries again.
    maxRequeues: 0,
  })
}

/** Names are people's own: they must not begin another header. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim()
}

/** Not a text, which would be read for names and more addresses. */
function nameless(address: string) {
  return { name: '', address }
}

/** One address, and nothing that a mail server could take for more. */
function isAddress(text: string): boolean {
  return text.length <= longestAddress && /^[^\s\p{Cc}@<>()[\]\\,;:"]+@[^\s\p{Cc}@<>()[\]\\,;:"]+$/u.test(text)
}

function domainOf(from: string): string {
  return /@([\w.-]+)/.exec(from)?.[1] ?? 'localhost'
}
