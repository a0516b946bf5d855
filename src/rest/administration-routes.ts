import type { Context } from 'hono'
import type { z } from 'zod'
import type { Invitation, OutgoingMail } from '../flow/accounts.ts'
import type { Configuration } from '../flow/ports.ts'
import type { Visitor } from '../flow/session.ts'
import { createRoutes, type HttpApp, type HttpEnvironment, methodNotAllowed } from '../http/app.ts'
import { readJsonObjectBody } from '../http/body.ts'
import { fieldErrors } from '../shapes/field-errors.ts'
import { invitationMailBody, invitationMails } from './invitation-mail.ts'
import type { ObjectPreview } from './object-preview.ts'
import { type Accounts, administratorOf, refuseForgery } from './permissions.ts'

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

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** What administrators do by programs written for authentik. */
export function administrationRoutes(administration: Administration): HttpApp {
  const routes = createRoutes()
  const forAdministrators = (path: string, work: (context: Context<HttpEnvironment>) => Promise<Response>) => {
    routes.post(path, async (context) => {
      // Nobody's browser adds an API token by itself.
      const forged = context.var.request.apiKey === undefined ? refuseForgery(context) : undefined
      if (forged) return forged
      const administrator = await administratorOf(context, administration)
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
  const id = (context.req.param('pk') ?? '').toLowerCase()
  const invitation = uuid.test(id) ? await administration.invitation(id) : undefined
  if (!invitation) return context.json({ detail: 'Not found.', code: 'not_found' }, 404)

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

  const url = administration.flowPageUrl(flow.slug, new URLSearchParams({ itoken: id }).toString())
  const brandTitle = configuration.brandFor(context.var.request.visitor.host).title
  await administration.post(invitationMails(data, invitation, { url, brandTitle }))
  return context.body(null, 204)
}

/** As Django REST framework tells of errors: by fields, and in lists by places. */
function wireErrors(error: z.ZodError, body: unknown): object {
  const errors: Record<string, string[] | Record<string, string[]>> = {}
  for (const { field, message } of fieldErrors(error, body)) {
    const [name = '', place] = field.split('.')
    // zod tells of a list after what is in it: what is wrong with the whole of it stands for the rest.
    errors[name] = place === undefined ? [message] : { ...errors[name], [place]: [message] }
  }
  return errors
}
