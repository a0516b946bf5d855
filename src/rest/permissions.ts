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

/** The administrator who asks, or what anybody else is told. */
export async function administratorOf(context: Context<HttpEnvironment>, accounts: Accounts): Promise<User | Response> {
  const user = await accounts.userOf(context.var.request)
  if (!user) return context.json(notSignedIn, 403)
  const groups = await accounts.groupsOf(user.id)
  return groups.some(({ isSuperuser }) => isSuperuser) ? user : context.json(notAllowed, 403)
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
