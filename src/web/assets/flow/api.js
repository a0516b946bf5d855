import { setByReply } from './clock.js'

/** How long a reply to a question may take (milliseconds). */
const readWithin = 20_000

const person = 'pendingUser pendingUserAvatar'
const captcha = 'siteKey jsUrl interactive altcha { parameters signature }'

/** What is asked of each challenge, beside what all of them have. */
export const selections = {
  AccessDeniedChallenge: `${person} errorMessage`,
  AuthenticatorDuoChallenge: `${person} activationBarcode activationCode activationUrl problem`,
  AuthenticatorEmailChallenge: `${person} email emailRequired`,
  AuthenticatorSmsChallenge: `${person} phoneNumber phoneNumberRequired`,
  AuthenticatorStaticChallenge: `${person} codes`,
  AuthenticatorTotpChallenge: `${person} configUrl qrCode`,
  AuthenticatorValidateChallenge: `${person} deviceChallenges { deviceClass deviceUid challenge } configurationStages { pk name }`,
  AuthenticatorWebauthnChallenge: `${person} registration`,
  CaptchaChallenge: `${person} ${captcha}`,
  ConsentChallenge: `${person} headerText permissions { id name } additionalPermissions { id name } token`,
  ContinueChallenge: '',
  DummyChallenge: 'name',
  EmailChallenge: '',
  FlowErrorChallenge: 'requestId error traceback',
  IdentificationChallenge: `userFields pendingUserIdentifier passwordFields allowShowPassword primaryAction enrollUrl recoveryUrl
    passwordlessUrl enableRememberMe passkeyChallenge showSourceLabels sources { name iconUrl promoted challenge { to } }
    captchaStage { ${captcha} }`,
  PasswordChallenge: `${person} recoveryUrl allowShowPassword`,
  PromptChallenge: `fields { fieldKey label type required placeholder initialValue subText readOnly minLength maxLength pattern
    autocomplete inputMode choices { label value } }`,
  RedirectChallenge: 'to',
  SourceChallenge: 'to',
  UserLoginChallenge: person,
}

const members = Object.entries(selections).filter(([, fields]) => fields !== '')
const step = `fragment Step on FlowExecution {
  id sequence stepToken status flow { title cancelUrl }
  actions { type enabled reason availableAt }
  waiting { reason until pollAfter delivery }
  challenge {
    __typename
    ... on Challenge {
      component responseErrors { field message code }
      responseFields { name type required secret values autocomplete maxLength minimum maximum }
    }
    ${members.map(([name, fields]) => `... on ${name} { ${fields} }`).join('\n    ')}
  }
}`
// An answer that came too late is told what stands; it is read by itself, since few are.
const outcome = `...Step
  ... on FlowError { code message }
  ... on StaleStepError { current { id } }
  ... on UnexpectedResponseError { current { id } }
  ... on ActionNotAllowedError { current { id } }
  ... on TooManyAttemptsError { retryAfter }
  ... on ServiceUnavailableError { retryAfter }`

/** The operations of this page. */
export const operations = {
  start: `mutation($input: StartFlowInput!) {
  startFlow(input: $input) { ...Step ... on FlowError { code message } ... on ServiceUnavailableError { retryAfter } }
}
${step}`,
  read: `query($input: ID!) { flowExecution(id: $input) { ...Step } }\n${step}`,
  respond: `mutation($input: RespondInput!) { respond(input: $input) { ${outcome} } }\n${step}`,
  perform: `mutation($input: PerformActionInput!) { performAction(input: $input) { ${outcome} } }\n${step}`,
  watch: `subscription($input: ID!, $after: Int) { flowExecution(id: $input, afterSequence: $after) { ...Step } }\n${step}`,
}

/** The subscription to an execution's steps after one that is known. */
export function watch({ id, sequence }) {
  return { query: operations.watch, variables: { input: id, after: sequence } }
}

/** Runs a query or a mutation, and returns what it says. Throws with a `code` where the server refused, without where it is out of reach. */
export function ask(operation, input) {
  if (operation !== 'read') return run(operation, input)
  // A read may bring a cookie that the next request must carry, of this tab or of another one.
  const read = () => run(operation, input, AbortSignal.timeout(readWithin))
  return globalThis.navigator?.locks ? navigator.locks.request('stagedoor.read', read) : read()
}

async function run(operation, input, signal) {
  const reply = await fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: operations[operation], variables: { input } }),
    signal,
  }).catch(() => {
    throw new Error('The server cannot be reached. Please try again.')
  })
  setByReply(reply.headers)
  const { data, errors } = await reply.json().catch(() => {
    throw new Error('The server did not understand, or did not make itself understood. Please try again.')
  })
  if (errors) throw refusal(errors)
  return Object.values(data)[0]
}

/** What the server said against an operation. */
export function refusal(errors) {
  const [{ message, extensions }] = errors
  return Object.assign(new Error(message), { code: extensions?.code ?? 'REFUSED' })
}
