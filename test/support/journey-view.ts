import type { CookieJar } from './cookie-jar.ts'

/** Named values. */
export type Fields = Readonly<Record<string, unknown>>

/** What a person sees, in one spelling whatever the face: names in camelCase, values in lower case, nothing that is null. */
export interface View {
  /** The kind of the challenge; `moved` for authentik's 302, `problem` where there is no challenge. */
  readonly kind: string
  readonly component?: string
  readonly fields: Fields
  readonly errors: readonly Fields[]
  readonly title?: string
  readonly cancelUrl?: string
  /** Where a redirect leads. */
  readonly to?: string
  /** What somebody is told who is refused. */
  readonly denied?: string
  readonly problem?: Problem
}

/** Why there is no challenge. */
export interface Problem {
  readonly code: string
  readonly retryAfter?: number
  /** What stands instead, where the face tells. */
  readonly current?: View
}

/** A browser on its way through a flow. */
export interface JourneyClient {
  readonly jar: CookieJar
  /** Opens the page of a flow, `query` being the page's own query string. */
  start(slug: string, query?: string): Promise<View>
  /** Looks at the standing challenge again. */
  read(): Promise<View>
  /** One answer, one exchange. */
  submit(kind: string, response?: Fields): Promise<View>
  /** An answer, and what is on screen when the client has followed where it was sent within the API. */
  answer(kind: string, response?: Fields): Promise<View>
  /** Goes to the page of another flow, where a view leads to one; elsewhere, the view as it is. */
  follow(view: View): Promise<View>
  whoAmI(): Promise<string | undefined>
  /** Another tab: the same cookies, another page. */
  tab(): JourneyClient
  /** The same page with the cookies of now, as if its next request had been sent before whatever comes. */
  twin(): JourneyClient
}

/** A view of a challenge. */
export function viewOf(kind: string, component: string, given: Fields, errors: readonly Fields[], flow: Fields): View {
  const fields = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null && value !== undefined))
  const { title, cancelUrl = flow.cancel_url } = flow as { title?: string; cancelUrl?: string; cancel_url?: string }
  return {
    kind,
    component,
    fields,
    errors,
    ...(title !== undefined && { title, cancelUrl: String(cancelUrl) }),
    ...(kind === 'redirect' && { to: String(fields.to) }),
    ...(kind === 'access_denied' && { denied: String(fields.errorMessage) }),
  }
}

/** A view where there is no challenge. */
export function problem(code: string, more: Omit<Problem, 'code'> = {}): View {
  return { kind: 'problem', fields: {}, errors: [], problem: { code, ...more } }
}
