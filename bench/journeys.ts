import type { PlainClient, PlainReply } from '../test/support/plain-client.ts'

/** Something to do over and over; returns how many times it did what is counted. */
export type Journey = (client: PlainClient, username: string) => Promise<number>

export const password = 'correct horse battery staple'
export const signInSlug = 'bench-sign-in'
export const stepsSlug = 'bench-steps'
export const stepsInFlow = 8

/** What clients ask of a step. */
export const stepFields = `fragment Step on FlowExecution {
  id stepToken sequence status
  challenge {
    ... on Challenge { component responseErrors { field message code } flowInfo { title layout background cancelUrl } }
    ... on IdentificationChallenge { userFields primaryAction passwordFields }
    ... on PasswordChallenge { pendingUser recoveryUrl }
    ... on RedirectChallenge { to finalRedirect }
    ... on AccessDeniedChallenge { errorMessage }
  }
  actions { type enabled }
}`
const start = `mutation Start($input: StartFlowInput!) { startFlow(input: $input) { ...Step ... on FlowError { code message } } } ${stepFields}`
const respond = `mutation Respond($input: RespondInput!) { respond(input: $input) { ...Step ... on FlowError { code message } } } ${stepFields}`
const perform = `mutation Perform($input: PerformActionInput!) { performAction(input: $input) { ...Step ... on FlowError { code message } } } ${stepFields}`
const read = `query Read($id: ID!) { flowExecution(id: $id) { ...Step } } ${stepFields}`
const viewer = 'query Viewer { viewer { user { id username name email type } } }'

/** A step, as far as journeys look at it. */
export interface Step {
  readonly id: string
  readonly stepToken: string
  readonly sequence: number
  readonly status?: string
}

/** A visitor who was never here signs in, in three requests. */
export const graphqlSignIn: Journey = async (client, username) => {
  client.forget()
  const first = await startFlow(client, signInSlug)
  const second = await answer(client, first, { identification: { uidField: username } })
  const last = await answer(client, second, { password: { password } })
  if (last.status !== 'FINISHED') throw new Error(`Not signed in: ${JSON.stringify(last)}`)
  return 1
}

/** The same as authentik's client does it: a GET follows every answer. */
export const restSignIn: Journey = async (client, username) => {
  client.forget()
  const path = `/api/v3/flows/executor/${signInSlug}/?query=`
  await client.get(path)
  await client.post(path, { component: 'ak-stage-identification', uid_field: username })
  await client.get(path)
  await client.post(path, { component: 'ak-stage-password', password })
  const { text } = await client.get(path)
  if (!text.includes('xak-flow-redirect')) throw new Error(`Not signed in: ${text}`)
  return 1
}

/** One request that does nothing but check a password. */
export const floorSignIn: Journey = async (client) => {
  const { status } = await client.post('/', { password })
  if (status !== 200) throw new Error(`The floor said ${status}.`)
  return 1
}

/** A flow of dummy stages: steps, and nothing to compute in them. */
export const graphqlSteps: Journey = async (client) => {
  client.forget()
  let current = await startFlow(client, stepsSlug)
  for (let passed = 0; passed < stepsInFlow; passed += 1) current = await answer(client, current, { dummy: {} })
  if (current.status !== 'FINISHED') throw new Error(`Not at the end: ${JSON.stringify(current)}`)
  return stepsInFlow + 1
}

export const restSteps: Journey = async (client) => {
  client.forget()
  const path = `/api/v3/flows/executor/${stepsSlug}/?query=`
  await client.get(path)
  for (let passed = 0; passed < stepsInFlow; passed += 1) {
    await client.post(path, { component: 'ak-stage-dummy' })
    await client.get(path)
  }
  return stepsInFlow + 1
}

/** Asks who is signed in; the client has signed in before. */
export const graphqlWhoAmI: Journey = async (client, username) => {
  const { text } = await client.post('/graphql', { query: viewer })
  if (!text.includes(username)) throw new Error(`Not ${username}: ${text}`)
  return 1
}

export const restWhoAmI: Journey = async (client, username) => {
  const { text } = await client.get('/api/v3/core/users/me/')
  if (!text.includes(username)) throw new Error(`Not ${username}: ${text}`)
  return 1
}

/** Begins a flow. */
export async function startFlow(client: PlainClient, slug: string): Promise<Step> {
  return stepIn(await client.post('/graphql', { query: start, variables: { input: { slug } } }), 'startFlow')
}

/** Answers a step. */
export async function answer(client: PlainClient, { id, stepToken }: Step, response: object): Promise<Step> {
  const input = { executionId: id, stepToken, response }
  return stepIn(await client.post('/graphql', { query: respond, variables: { input } }), 'respond')
}

/** Does one of the things that a step offers beside its answer. */
export async function act(client: PlainClient, { id, stepToken }: Step, action: string): Promise<Step> {
  const input = { executionId: id, stepToken, action }
  return stepIn(await client.post('/graphql', { query: perform, variables: { input } }), 'performAction')
}

/** What stands now. */
export async function readStep(client: PlainClient, id: string): Promise<Step> {
  return stepIn(await client.post('/graphql', { query: read, variables: { id } }), 'flowExecution')
}

function stepIn({ text }: PlainReply, field: string): Step {
  const found: Step | undefined = JSON.parse(text).data?.[field]
  if (!found?.id) throw new Error(`No step: ${text}`)
  return found
}
