import { mailLanguages } from '../../credentials/mail-languages.ts'
import { fromOf, smtpOf } from '../../credentials/mail-settings.ts'
import { queuedMessage, type SentMessage } from '../../credentials/sent-message.ts'
import type { OutgoingMail } from '../../flow/accounts.ts'
import { secondsOf } from '../../flow/duration.ts'
import type { Effect } from '../../flow/effects.ts'
import type { StageContext } from '../../flow/stage.ts'
import type { User } from '../../flow/user.ts'
import type { EmailConfig } from './email-config.ts'
import { mayBeTold } from './told.ts'

type Context = StageContext<EmailConfig, unknown>

const flowTokenKey = 'flow_token'
/** Seconds that a link works longer than its mail says, for mails on their way (reference: stages 4.5). */
const grace = 60

/** Whom a mail is for. */
export interface Addressee {
  /** Undefined: nobody is written to, and nobody can tell. */
  readonly to: OutgoingMail['to']
  readonly user: { readonly username: string; readonly name: string; readonly email: string }
  /** What mails to one address are counted by. No counter knows the address. */
  readonly subject: string
}

/** Whom the stage's mails are for: nobody where there is no account, no address, or one that may not be recovered. */
export function addresseeOf(context: Context): Addressee {
  const { plan, services } = context
  const user = knownUser(context)
  const pending = plan.context.pending_user
  const typed = pending?.known === false ? pending.identifier : ''
  const counted = user?.email || user?.username || typed
  const subject = services.mac('email stage', counted.toLowerCase())
  if (!user || !mayBeMailed(context, user)) return { to: undefined, user: { username: '', name: '', email: '' }, subject }
  const { username, name, email } = user
  const { email: other } = plan.context
  const address = typeof other === 'string' && other.trim() !== '' ? other.trim() : email
  return { to: address === '' ? undefined : { address, name }, user: { username, name, email }, subject }
}

/** A mail on its way, and what is known of it. */
export interface Letter {
  readonly effects: readonly Effect[]
  /** The digest of the token in its link. */
  readonly link: string
  /** Milliseconds since 1970: when the link runs out, as the mail says. */
  readonly until: number
  /** What is told of the mail; undefined where nothing may be, or nothing goes out. */
  readonly message: SentMessage | undefined
}

/** A mail with a new link, and what makes the link work. A link for nobody leads nowhere. */
export function letterTo({ to, user }: Addressee, context: Context): Letter {
  const { config, pendingUser, plan, services, visitor } = context
  const token = services.randomToken()
  const seconds = secondsOf(config.tokenExpiry)
  const until = services.now().getTime() + seconds * 1000
  const { [flowTokenKey]: _, ...query } = plan.query
  const mail: OutgoingMail = {
    to,
    from: fromOf(config),
    subject: config.subject,
    template: config.template,
    languages: mailLanguages(to && pendingUser?.attributes, visitor.languages()),
    values: {
      url: services.flows.pageUrl({ ...query, [flowTokenKey]: token }),
      expires: new Date(until).toISOString(),
      minutes: Math.ceil(seconds / 60),
      user,
      brand: { title: services.brandTitle() },
    },
    smtp: smtpOf(config),
  }
  const message = to && mayBeTold(context) ? queuedMessage(services, until) : undefined
  const header = 'Continue to confirm this email address.'
  const effects: readonly Effect[] = [
    { type: 'send_mail', mail, ...(message && { messageId: message.id }) },
    ...(to ? [{ type: 'issue_flow_token', token, seconds: seconds + grace, header } as const] : []),
  ]
  return { effects, link: services.digestOf(token), until, message }
}

/** A letter that is never written, and looks like one. */
export function noLetter({ config, services }: Context): Letter {
  const until = services.now().getTime() + secondsOf(config.tokenExpiry) * 1000
  return { effects: [], link: services.digestOf(services.randomToken()), until, message: undefined }
}

function knownUser({ plan, pendingUser }: Context): User | undefined {
  return plan.context.pending_user?.known ? pendingUser : undefined
}

/** A disabled account is like none to who wants to recover it, unless the mail is there to enable it. */
function mayBeMailed({ config, flow }: Context, { isActive }: User): boolean {
  return isActive || flow.designation !== 'recovery' || config.activateUserOnSuccess
}
