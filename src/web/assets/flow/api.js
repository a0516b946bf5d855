const person = 'pendingUser pendingUserAvatar'
const captcha = 'siteKey jsUrl interactive altcha { parameters signature }'

/** What is asked of each challenge, beside what all of them have. */
export const selections = {
  AccessDeniedChallenge: `${person} errorMessage`,
  AuthenticatorEmailChallenge: `${person} email emailRequired`,
  AuthenticatorSmsChallenge: `${person} phoneNumber phoneNumberRequired`,
  AuthenticatorStaticChallenge: `${person} codes`,
  AuthenticatorTotpChallenge: `${person} configUrl qrCode`,
  AuthenticatorValidateChallenge: `${person} deviceChallenges { deviceClass deviceUid challenge } configurationStages { pk name }`,
  AuthenticatorWebauthnChallenge: `${person} registration`,
  CaptchaChallenge: `${person} ${captcha}`,
  ConsentChallenge: `${person} headerText permissions { id name } additionalPermissions { id name } token`,
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
  id stepToken status flow { title cancelUrl } actions { type enabled }
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
}

/** Runs one of them, and returns what it says. */
export async function ask(operation, input) {
  const reply = await fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: operations[operation], variables: { input } }),
  }).catch(() => {
    throw new Error('The server cannot be reached. Please try again.')
  })
  const { data, errors } = await reply.json().catch(() => {
    throw new Error('The server did not understand, or did not make itself understood. Please try again.')
  })
  if (errors) throw new Error(errors[0].message)
  return Object.values(data)[0]
}
