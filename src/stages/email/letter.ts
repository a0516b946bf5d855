import { mailLanguages } from '../../credentials/mail-languages.ts'
import { fromOf, smtpOf } from '../../credentials/mail-settings.ts'
import type { OutgoingMail } from '../../flow/accounts.ts'
import { secondsOf } from '../../flow/duration.ts'
import type { Effect } from '../../flow/effects.ts'
import type { StageContext } from '../../flow/stage.ts'
import type { User } from '../../flow/user.ts'
import type { EmailConfig } from './email-config.ts'

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

/** A mail with a new link, and what makes the link work. A link for nobody leads nowhere. */
export function mailTo({ to, user }: Addressee, { config, pendingUser, plan, services, visitor }: Context): Effect[] {
  const token = services.randomToken()
  const seconds = secondsOf(config.tokenExpiry)
  const { [flowTokenKey]: _, ...query } = plan.query
  const mail: OutgoingMail = {
    to,
    from: fromOf(config),
    subject: config.subject,
    template: config.template,
    languages: mailLanguages(to && pendingUser?.attributes, visitor.languages()),
    values: {
      url: services.flows.pageUrl({ ...query, [flowTokenKey]: token }),
      expires: new Date(services.now().getTime() + seconds * 1000).toISOString(),
      minutes: Math.ceil(seconds / 60),
      user,
      brand: { title: services.brandTitle() },
    },
    smtp: smtpOf(config),
  }
  const header = 'Continue to confirm this email address.'
  return [
    { type: 'send_mail', mail },
    ...(to ? [{ type: 'issue_flow_token', token, seconds: seconds + grace, header } as const] : []),
  ]
}

function knownUser({ plan, pendingUser }: Context): User | undefined {
  return plan.context.pending_user?.known ? pendingUser : undefined
}

/** A disabled account is like none to who wants to recover it, unless the mail is there to enable it. */
function mayBeMailed({ config, flow }: Context, { isActive }: User): boolean {
  return isActive || flow.designation !== 'recovery' || config.activateUserOnSuccess
}
