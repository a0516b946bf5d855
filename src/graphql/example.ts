/** What GraphiQL opens with: a sign-in, a step at a time. */
export const exampleSignIn = `# Sign in, a step at a time. Run StartSignIn, copy id and stepToken into the
# variables of Identify, run it, and go on with Password in the same way.
# Variables: { "id": "...", "token": "...", "name": "akadmin", "password": "..." }

mutation StartSignIn {
  startFlow(input: { designation: AUTHENTICATION }) {
    ...Step
    ... on FlowError { code message }
  }
}

mutation Identify($id: ID!, $token: String!, $name: String!) {
  respond(input: { executionId: $id, stepToken: $token, response: { identification: { uidField: $name } } }) {
    ...Step
    ... on FlowError { code message }
  }
}

mutation Password($id: ID!, $token: String!, $password: String!) {
  respond(input: { executionId: $id, stepToken: $token, response: { password: { password: $password } } }) {
    ...Step
    ... on FlowError { code message }
  }
}

query WhoAmI {
  viewer { user { username name email } sessions { id current clientIp lastSeenAt } }
}

# Leave it open in another tab to see the steps arrive.
subscription Watch($id: ID!) {
  flowExecution(id: $id) { ...Step }
}

fragment Step on FlowExecution {
  id
  stepToken
  sequence
  status
  challenge {
    ... on Challenge { component responseErrors { field message code } }
    ... on IdentificationChallenge { userFields primaryAction }
    ... on PasswordChallenge { pendingUser }
    ... on RedirectChallenge { to finalRedirect }
    ... on AccessDeniedChallenge { errorMessage }
  }
  actions { type enabled }
}
`
