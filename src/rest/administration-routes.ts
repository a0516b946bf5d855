import type { Context } from 'hono'
import type { Invitation, OutgoingMail } from '../flow/accounts.ts'
import type { Configuration } from '../flow/ports.ts'
import type { Visitor } from '../flow/session.ts'
import { createRoutes, type HttpApp, type HttpEnvironment, methodNotAllowed } from '../http/app.ts'
import { readJsonObjectBody } from '../http/body.ts'
import { invitationMailBody, invitationMails } from './invitation-mail.ts'
import type { ObjectPreview } from './object-preview.ts'
import { type Accounts, administratorActing, notFound, uuidIn } from './permissions.ts'
import { wireErrors } from './wire-errors.ts'

/** What administrators work with. */
export interface Administration extends Accounts {
  configuration(visitor: Visitor): Promise<Configuration>
  invitation(id: string): Promise<Invitation | undefined>
  hasMailTemplate(name: string): boolean
  /** Queues all of them, or none. */
  post(mails: readonly OutgoingMail[]): Promise<void>
  readonly previews: readonly ObjectPreview[]
  readonly flowPageUrl: (slug: string, query: string) => string
  readonly now: () => Date
}

/** What administrators do by programs written for authentik. */
export function administrationRoutes(administration: Administration): HttpApp {
  const routes = createRoutes()
  const forAdministrators = (path: string, work: (context: Context<HttpEnvironment>) => Promise<Response>) => {
    routes.post(path, async (context) => {
      const administrator = await administratorActing(context, administration)
      return administrator instanceof Response ? administrator : work(context)
    })
    routes.all(path, (context) => methodNotAllowed(context, 'POST'))
  }

  forAdministrators('/stages/invitation/invitations/:pk/send_email/', (context) => mailInvitation(context, administration))
  for (const { path, of } of administration.previews) {
    forAdministrators(path, async (context) => {
      const preview = of(await readJsonObjectBody(context))
      return 'shown' in preview ? context.json(preview.shown) : context.json(preview.errors, 400)
    })
  }

  return routes
}

async function mailInvitation(context: Context<HttpEnvironment>, administration: Administration): Promise<Response> {
  const id = uuidIn(context, 'pk')
  const invitation = id === undefined ? undefined : await administration.invitation(id)
  if (!invitation) return context.json(notFound, 404)

  const body = await readJsonObjectBody(context)
  const { data, error } = invitationMailBody.safeParse(body)
  if (error) return context.json(wireErrors(error, body), 400)
  if (data.email_addresses.length === 0) return context.json({ error: 'There is no e-mail address to send it to.' }, 400)
  if (!administration.hasMailTemplate(data.template)) return context.json({ template: ['There is no such mail template.'] }, 400)

  const configuration = await administration.configuration(context.var.request.visitor)
  const flow = invitation.flowId === undefined ? undefined : configuration.flowById(invitation.flowId)?.definition.flow
  if (!flow) return context.json({ error: 'The invitation names no flow to lead to.' }, 400)
  // Such a mail would be given up before it is sent.
  if (invitation.expiresAt && invitation.expiresAt <= administration.now())
    return context.json({ error: 'The invitation has expired.' }, 400)

  const url = administration.flowPageUrl(flow.slug, new URLSearchParams({ itoken: invitation.id }).toString())
  const brandTitle = configuration.brandFor(context.var.request.visitor.host).title
  await administration.post(invitationMails(data, invitation, { url, brandTitle }))
  return context.body(null, 204)
}
