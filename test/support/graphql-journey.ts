import { camelCase, snakeCase } from '../../src/shapes/names.ts'
import { Browser } from './browser-requests.ts'
import { type Fields, type JourneyClient, problem, type View, viewOf } from './journey-view.ts'
import { allChallenges } from './selection.ts'

const execution = `fragment Execution on FlowExecution {
  id sequence stepToken status
  flow { slug title cancelUrl }
  actions { type enabled reason availableAt }
  waiting { reason until pollAfter delivery }
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
  readonly actions: readonly {
    readonly type: string
    readonly enabled: boolean
    readonly reason: string | null
    readonly availableAt: string | null
  }[]
  readonly waiting: {
    readonly reason: string
    readonly until: string
    readonly pollAfter: number
    readonly delivery: string | null
  } | null
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
    return this.run('respond', { ...this.onScreen(), response: { [camelCase(kind)]: spelled(kind, response) } })
  }

  async answer(kind: string, response?: Fields): Promise<View> {
    const waited = this.step
    const view = await this.submit(kind, response)
    // What waits goes on by itself: the same screen is another step by then.
    const moved = waited?.waiting && view.problem?.code === 'STALE_STEP' && view.problem.current?.kind === kind
    if (!moved) return view
    await this.read()
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
  const { __typename, component, responseErrors, responseFields: _, flowInfo, ...fields } = challenge
  for (const name of enums) if (name in fields) Object.assign(fields, { [name]: lowerCase(fields[name]) })
  return viewOf(snakeCase(__typename.replace(/Challenge$/, '')), component, fields, responseErrors, flowInfo ? flow : {})
}

function lowerCase(value: unknown): unknown {
  return Array.isArray(value) ? value.map(lowerCase) : typeof value === 'string' ? value.toLowerCase() : value
}

/** What a prompt is answered with are keys that no schema knows: they go as a list. */
function spelled(kind: string, response: Fields): Fields {
  return kind === 'prompt' ? { answers: Object.entries(response).map(([key, value]) => ({ key, value })) } : response
}
