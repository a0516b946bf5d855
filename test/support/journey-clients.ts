import { camelCase, snakeCase } from '../../src/shapes/names.ts'
import { CookieJar } from './cookie-jar.ts'
import { allChallenges } from './selection.ts'

type Fields = Readonly<Record<string, unknown>>

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

/** How to send a request that is not plain. */
export interface RequestOptions {
  readonly json?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** Sends requests with a browser's cookies, and never goes on by itself. */
export class Browser {
  readonly jar: CookieJar
  protected readonly url: string

  constructor(url: string, jar = new CookieJar()) {
    this.url = url
    this.jar = jar
  }

  async send(method: string, path: string, { json, headers }: RequestOptions = {}): Promise<Response> {
    const csrf = method === 'GET' ? undefined : this.jar.value('authentik_csrf')
    const response = await fetch(this.url + path, {
      method,
      redirect: 'manual',
      headers: {
        ...(this.jar.header() && { cookie: this.jar.header() }),
        ...(csrf && { 'x-authentik-csrf': csrf }),
        ...(json !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(json !== undefined && { body: JSON.stringify(json) }),
    })
    this.jar.take(response)
    return response
  }
}

const execution = `fragment Execution on FlowExecution {
  id sequence stepToken status
  flow { slug title cancelUrl }
  actions { type enabled reason }
  challenge {
    __typename
    ${allChallenges()}
  }
}`
const result = `__typename ...Execution ... on FlowError { code message }
  ... on StaleStepError { current { ...Execution } } ... on ActionNotAllowedError { current { ...Execution } }
  ... on UnexpectedResponseError { current { ...Execution } } ... on TooManyAttemptsError { retryAfter }`
const operations = {
  startFlow: `mutation ($input: StartFlowInput!) { result: startFlow(input: $input) { __typename ...Execution ... on FlowError { code message } } } ${execution}`,
  respond: `mutation ($input: RespondInput!) { result: respond(input: $input) { ${result} } } ${execution}`,
  performAction: `mutation ($input: PerformActionInput!) { result: performAction(input: $input) { ${result} } } ${execution}`,
  read: `query ($input: ID!) { result: flowExecution(id: $input) { __typename ...Execution } } ${execution}`,
}

/** An execution as the GraphQL face spells it. */
export interface GraphQLStep {
  readonly id: string
  readonly sequence: number
  readonly stepToken: string
  readonly status: string
  readonly flow: { readonly slug: string; readonly title: string; readonly cancelUrl: string }
  readonly actions: readonly { readonly type: string; readonly enabled: boolean; readonly reason: string | null }[]
  readonly challenge: Fields & { readonly __typename: string; readonly component: string; readonly responseErrors: Fields[] }
}

/** A page that talks GraphQL. */
export class GraphQLJourney extends Browser implements JourneyClient {
  /** The step that is on screen. */
  step: GraphQLStep | undefined

  start(slug: string, query = ''): Promise<View> {
    return this.run('startFlow', { slug, query })
  }

  startConfiguring(stageId: string): Promise<View> {
    return this.run('startFlow', { configures: stageId })
  }

  startFor(designation: string, query = ''): Promise<View> {
    return this.run('startFlow', { designation, query })
  }

  read(): Promise<View> {
    return this.run('read', this.step?.id)
  }

  submit(kind: string, response: Fields = {}): Promise<View> {
    return this.run('respond', { ...this.onScreen(), response: { [camelCase(kind)]: response } })
  }

  answer(kind: string, response?: Fields): Promise<View> {
    return this.submit(kind, response)
  }

  perform(action: string): Promise<View> {
    return this.run('performAction', { ...this.onScreen(), action })
  }

  async follow(view: View): Promise<View> {
    return view
  }

  async whoAmI(): Promise<string | undefined> {
    const { data } = await this.query('{ viewer { user { username } } }')
    return (data?.viewer as { user: { username: string } } | null)?.user.username
  }

  tab(): GraphQLJourney {
    return new GraphQLJourney(this.url, this.jar)
  }

  twin(): GraphQLJourney {
    const twin = new GraphQLJourney(this.url, this.jar.copy())
    twin.step = this.step
    return twin
  }

  /** The reply to any operation, as it came. */
  async query(query: string, variables: Fields = {}): Promise<GraphQLReply> {
    const response = await this.send('POST', '/graphql', { json: { query, variables } })
    return (await response.json()) as GraphQLReply
  }

  private onScreen() {
    return { executionId: this.step?.id, stepToken: this.step?.stepToken }
  }

  private async run(operation: keyof typeof operations, input: unknown): Promise<View> {
    const { data, errors } = await this.query(operations[operation], { input })
    const told = data?.result as (GraphQLStep & { __typename: string }) | undefined
    if (!told) return problem(String(errors?.[0]?.extensions?.code ?? JSON.stringify(errors)))
    if (told.__typename === 'FlowExecution') {
      this.step = told
      return viewOfStep(told)
    }
    const { code, retryAfter, current } = told as unknown as { code: string; retryAfter?: number; current?: GraphQLStep }
    return problem(code, { ...(retryAfter !== undefined && { retryAfter }), ...(current && { current: viewOfStep(current) }) })
  }
}

/** What the endpoint answers. */
export interface GraphQLReply {
  readonly data?: Record<string, unknown> | null
  readonly errors?: readonly { readonly message: string; readonly extensions?: Record<string, unknown> }[]
}

/** Fields whose values are enums, which GraphQL spells in capitals. */
const enums = ['flowDesignation', 'userFields']

function viewOfStep({ flow, challenge }: GraphQLStep): View {
  const { __typename, component, responseErrors, flowInfo, ...fields } = challenge
  for (const name of enums) if (name in fields) Object.assign(fields, { [name]: lowerCase(fields[name]) })
  return viewOf(snakeCase(__typename.replace(/Challenge$/, '')), component, fields, responseErrors, flowInfo ? flow : {})
}

/** A client written for authentik: it knows a flow by its slug, and fetches again where it is told to. */
export class RestJourney extends Browser implements JourneyClient {
  /** The executor's address of the page. */
  path = ''

  start(slug: string, query = ''): Promise<View> {
    return this.open(`/api/v3/flows/executor/${slug}/?${new URLSearchParams({ query })}`)
  }

  /** Opens an address of the executor as it is written. */
  open(path: string): Promise<View> {
    this.path = path
    return this.read()
  }

  async read(): Promise<View> {
    return readView(await this.send('GET', this.path))
  }

  async submit(_kind: string, response: Fields = {}): Promise<View> {
    const wire = Object.fromEntries(Object.entries(response).map(([name, value]) => [snakeCase(name), value]))
    return readView(await this.send('POST', this.path, { json: wire }))
  }

  async answer(kind: string, response?: Fields): Promise<View> {
    const view = await this.submit(kind, response)
    return view.kind === 'moved' ? this.open(view.to ?? '') : view
  }

  async follow(view: View): Promise<View> {
    const [, slug, query] = /^\/if\/flow\/([^/]+)\/(?:\?(.*))?$/.exec(view.kind === 'redirect' ? (view.to ?? '') : '') ?? []
    return slug === undefined ? view : this.start(slug, query)
  }

  async whoAmI(): Promise<string | undefined> {
    const response = await this.send('GET', '/api/v3/core/users/me/')
    return response.ok ? ((await response.json()) as { user: { username: string } }).user.username : undefined
  }

  tab(): RestJourney {
    return new RestJourney(this.url, this.jar)
  }

  twin(): RestJourney {
    const twin = new RestJourney(this.url, this.jar.copy())
    twin.path = this.path
    return twin
  }
}

async function readView(response: Response): Promise<View> {
  const { status, headers } = response
  if (status === 302) return { kind: 'moved', fields: {}, errors: [], to: headers.get('location') ?? '' }
  const body = (await response.json()) as Record<string, unknown>
  if (status !== 200) {
    const retryAfter = headers.get('retry-after')
    return problem(String(body.code).toUpperCase(), retryAfter === null ? {} : { retryAfter: Number(retryAfter) })
  }
  // `type` only repeats the component for clients of old.
  const { component, type: _, response_errors, flow_info, ...fields } = body
  const errors = errorsOf(response_errors)
  return viewOf(kindOf(String(component)), String(component), camelKeys(fields) as Fields, errors, (flow_info ?? {}) as Fields)
}

/** `ak-stage-user-login` shows a `user_login`. */
function kindOf(component: string): string {
  return component === 'xak-flow-redirect' ? 'redirect' : component.replace('ak-stage-', '').replaceAll('-', '_')
}

function errorsOf(wire: unknown): Fields[] {
  const byField = Object.entries((wire ?? {}) as Record<string, { string: string; code: string }[]>)
  return byField.flatMap(([field, errors]) =>
    errors.map(({ string: message, code }) => ({ field: camelCase(field), message, code })),
  )
}

function viewOf(kind: string, component: string, given: Fields, errors: readonly Fields[], flow: Fields): View {
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

function problem(code: string, more: Omit<Problem, 'code'> = {}): View {
  return { kind: 'problem', fields: {}, errors: [], problem: { code, ...more } }
}

function lowerCase(value: unknown): unknown {
  return Array.isArray(value) ? value.map(lowerCase) : typeof value === 'string' ? value.toLowerCase() : value
}

function camelKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camelKeys)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [camelCase(name), camelKeys(member)]))
}

/** Every journey is gone over both. */
export const faces = [
  ['GraphQL', GraphQLJourney],
  ['REST', RestJourney],
] as const
