import { Browser, type Reply } from './browser.ts'

/** A step with all that waiting adds to it. */
export interface WaitingStep {
  readonly __typename: string
  readonly id: string
  readonly stepToken: string
  readonly sequence: number
  readonly status: string
  readonly waiting: {
    readonly reason: string
    readonly until: string
    readonly pollAfter: number
    readonly delivery: string | null
  } | null
  readonly actions: readonly { readonly type: string; readonly enabled: boolean; readonly availableAt: string | null }[]
  readonly challenge: {
    readonly __typename: string
    readonly responseErrors: readonly { readonly message: string; readonly code: string }[]
    readonly to?: string
  }
}

const fields = `fragment Waiting on FlowExecution { __typename id stepToken sequence status
  waiting { reason until pollAfter delivery }
  actions { type enabled availableAt }
  challenge { __typename ... on Challenge { responseErrors { message code } } ... on RedirectChallenge { to } } }`
const orError = '...Waiting ... on FlowError { __typename code message }'

/** Runs flows that wait, and reads all that is said of it. */
export class WaitingBrowser extends Browser {
  override at(url: string): WaitingBrowser {
    return new WaitingBrowser(url, this.jar)
  }

  async begin(slug: string): Promise<WaitingStep> {
    const query = `mutation ($input: StartFlowInput!) { startFlow(input: $input) { ${orError} } } ${fields}`
    return this.step(query, { input: { slug } })
  }

  async reply({ id, stepToken }: WaitingStep, response: object): Promise<WaitingStep> {
    const query = `mutation ($input: RespondInput!) { respond(input: $input) { ${orError} } } ${fields}`
    return this.step(query, { input: { executionId: id, stepToken, response } })
  }

  async act({ id, stepToken }: WaitingStep, action: string): Promise<WaitingStep> {
    const query = `mutation ($input: PerformActionInput!) { performAction(input: $input) { ${orError} } } ${fields}`
    return this.step(query, { input: { executionId: id, stepToken, action } })
  }

  async read({ id }: Pick<WaitingStep, 'id'>): Promise<WaitingStep> {
    return this.step(`query ($id: ID!) { flowExecution(id: $id) { ...Waiting } } ${fields}`, { id })
  }

  /** Who is signed in. */
  async viewer(): Promise<string | undefined> {
    const { data } = await this.graphql<{ viewer: { user: { username: string } } | null }>('{ viewer { user { username } } }')
    return data?.viewer?.user.username
  }

  private async step(query: string, variables: Record<string, unknown>): Promise<WaitingStep> {
    const reply: Reply = await this.graphql(query, variables)
    const [step] = Object.values(reply.data ?? {}) as WaitingStep[]
    if (!step) throw new Error(`No step came: ${JSON.stringify(reply)}`)
    return step
  }
}
