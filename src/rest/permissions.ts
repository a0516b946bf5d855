import type { Context } from 'hono'
import { isOfSomebody } from '../flow/session.ts'
import type { User } from '../flow/user.ts'
import type { HttpEnvironment } from '../http/app.ts'

/** Who asks, by session or by API token. */
export interface Accounts {
  /** Undefined for somebody who is not signed in. */
  userOf(request: HttpEnvironment['Variables']['request']): Promise<User | undefined>
  groupsOf(userId: number): Promise<readonly { readonly id: string; readonly name: string; readonly isSuperuser: boolean }[]>
}

/** What somebody is told who would have to be signed in. */
export const notSignedIn = { detail: 'Authentication credentials were not provided.', code: 'not_authenticated' }
const notAllowed = { detail: 'You do not have permission to perform this action.', code: 'permission_denied' }

/** What is told of an object that is not there. */
export const notFound = { detail: 'Not found.', code: 'not_found' }

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The id that an address holds, as it is stored; undefined where it holds none. */
export function uuidIn(context: Context<HttpEnvironment>, parameter: string): string | undefined {
  const id = (context.req.param(parameter) ?? '').toLowerCase()
  return uuid.test(id) ? id : undefined
}

/** The administrator who asks, or what anybody else is told. */
export async function administratorOf(context: Context<HttpEnvironment>, accounts: Accounts): Promise<User | Response> {
  const user = await accounts.userOf(context.var.request)
  if (!user) return context.json(notSignedIn, 403)
  const groups = await accounts.groupsOf(user.id)
  return groups.some(({ isSuperuser }) => isSuperuser) ? user : context.json(notAllowed, 403)
}

/** The same for a request that changes something, which must come from our page or with an API token. */
export async function administratorActing(context: Context<HttpEnvironment>, accounts: Accounts): Promise<User | Response> {
  // Nobody's browser adds an API token by itself.
  const forged = context.var.request.apiKey === undefined ? refuseForgery(context) : undefined
  return forged ?? administratorOf(context, accounts)
}

/** A signed-in session's unsafe request must prove that it comes from our page; an anonymous one has nothing to lose. */
export function refuseForgery(context: Context<HttpEnvironment>): Response | undefined {
  const { request } = context.var
  const { visitor, byCookie } = request
  const signedIn = visitor.session.type === 'handle' && isOfSomebody(visitor.session.handle)
  if (!byCookie || !signedIn || request.csrfProven()) return undefined
  return context.json(
    {
      detail: 'CSRF Failed: send the value of the cookie authentik_csrf in the header X-authentik-CSRF.',
      code: 'permission_denied',
    },
    403,
  )
}
