import makeFetchCookie from 'fetch-cookie'
import { CookieJar } from 'tough-cookie'

/** An execution as `stepFields` asks for it. */
export interface Step {
  readonly __typename: string
  readonly id: string
  readonly stepToken: string
  readonly sequence: number
  readonly status: string
  readonly waiting: { readonly reason: string; readonly until: string; readonly delivery: string | null } | null
  readonly actions: readonly { readonly type: string; readonly enabled: boolean; readonly availableAt: string | null }[]
  readonly challenge: {
    readonly __typename: string
    readonly component: string
    readonly responseErrors: readonly { readonly field: string; readonly message: string; readonly code: string }[]
    readonly to?: string
  }
}

/** An operation's result. */
export interface Reply<Data = Record<string, unknown>> {
  readonly data?: Data | null
  readonly errors?: readonly { readonly message: string; readonly extensions?: Readonly<Record<string, unknown>> }[]
}

export const stepFields = `fragment Step on FlowExecution { __typename id stepToken sequence status
  waiting { reason until delivery } actions { type enabled availableAt }
  challenge { __typename ... on Challenge { component responseErrors { field message code } } ... on RedirectChallenge { to } } }`

export const startFlow = `mutation ($input: StartFlowInput!) {
  startFlow(input: $input) { ...Step ... on FlowError { __typename code message } } } ${stepFields}`

export const respond = `mutation ($input: RespondInput!) {
  respond(input: $input) { ...Step ... on FlowError { __typename code message } } } ${stepFields}`

/** Keeps cookies and follows redirects, as a browser does. */
export class Browser {
  readonly url: string
  readonly jar: CookieJar
  /** Takes paths of the server beside whole addresses. */
  readonly fetch: (path: string, init?: RequestInit) => Promise<Response>

  constructor(url: string, jar = new CookieJar()) {
    this.url = url
    this.jar = jar
    const withCookies = makeFetchCookie(fetch, this.jar)
    this.fetch = (path, init) => withCookies(new URL(path, url).href, init)
  }

  /** The same browser at another node. Cookies do not tell ports apart. */
  at(url: string): Browser {
    return new Browser(url, this.jar)
  }

  cookieHeader(): Promise<string> {
    return this.jar.getCookieString(this.url)
  }

  /** Sends JSON. */
  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return this.fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      redirect: 'manual',
    })
  }

  /** Runs an operation; it must be answered in JSON. */
  async graphql<Data = Record<string, unknown>>(query: string, variables: Record<string, unknown> = {}): Promise<Reply<Data>> {
    const response = await this.post('/graphql', { query, variables })
    return (await response.json()) as Reply<Data>
  }

  /** Starts a flow, which must show a step. */
  async start(slug: string): Promise<Step> {
    return stepIn(await this.graphql<{ startFlow: Step }>(startFlow, { input: { slug } }), 'startFlow')
  }

  /** Answers a step, which must lead to a step. */
  async answer({ id, stepToken }: Step, response: object): Promise<Step> {
    const input = { executionId: id, stepToken, response }
    return stepIn(await this.graphql<{ respond: Step }>(respond, { input }), 'respond')
  }

  /** Passes identification and password of a flow that has just begun. */
  async signIn(slug: string, { username, password }: { username: string; password: string }): Promise<Step> {
    const asked = await this.answer(await this.start(slug), { identification: { uidField: username } })
    return this.answer(asked, { password: { password } })
  }
}

function stepIn<Field extends string>(reply: Reply<Record<Field, Step>>, field: Field): Step {
  const step = reply.data?.[field]
  if (!step?.id) throw new Error(`No step came: ${JSON.stringify(reply)}`)
  return step
}
