// Walks a flow through the public GraphQL API. A challenge that this page cannot draw is named, and never guessed at.

const step = `fragment Step on FlowExecution {
  id stepToken status flow { title cancelUrl }
  challenge {
    __typename
    ... on Challenge { component responseErrors { field message } }
    ... on IdentificationChallenge { passwordFields primaryAction enrollUrl identificationRecoveryUrl: recoveryUrl }
    ... on PasswordChallenge { pendingUser recoveryUrl }
    ... on DummyChallenge { name }
    ... on RedirectChallenge { to }
    ... on AccessDeniedChallenge { errorMessage }
    ... on FlowErrorChallenge { requestId }
  }
}`
const start = `mutation($input: StartFlowInput!) { startFlow(input: $input) { ...Step ... on FlowError { code message } } } ${step}`
const respond = `mutation($input: RespondInput!) { respond(input: $input) { ...Step ... on FlowError { code message } ... on StaleStepError { current { ...Step } } } } ${step}`

const password = { name: 'password', label: 'Password', type: 'password', autocomplete: 'current-password' }
const screens = {
  IdentificationChallenge: (shown) => ({
    member: 'identification',
    button: shown.primaryAction,
    fields: [
      { name: 'uidField', label: 'User name or e-mail address', type: 'text', autocomplete: 'username' },
      ...(shown.passwordFields ? [password] : []),
    ],
  }),
  PasswordChallenge: (shown) => ({ member: 'password', text: shown.pendingUser, button: 'Continue', fields: [password] }),
  UserLoginChallenge: () => ({
    member: 'userLogin',
    button: 'Continue',
    fields: [{ name: 'rememberMe', label: 'Stay signed in', type: 'checkbox' }],
  }),
  DummyChallenge: (shown) => ({ member: 'dummy', text: shown.name, button: 'Continue', fields: [] }),
}

const form = document.querySelector('#flow')

async function ask(query, input) {
  const reply = await fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables: { input } }),
  })
  const { data, errors } = await reply.json()
  if (errors) throw new Error(errors[0].message)
  return Object.values(data)[0]
}

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties)
  made.append(...children)
  return made
}

function alert(text) {
  return element('p', { role: 'alert' }, text)
}

function show(execution) {
  const current = execution.current ?? execution
  const shown = current.challenge
  if (!shown) return form.replaceChildren(alert(execution.message), again())
  if (shown.__typename === 'RedirectChallenge') return location.assign(shown.to)
  if (shown.__typename === 'AccessDeniedChallenge') return form.replaceChildren(alert(shown.errorMessage), again())
  if (shown.__typename === 'FlowErrorChallenge')
    return form.replaceChildren(alert(`Something broke. Report ${shown.requestId}.`), again())
  const screen = screens[shown.__typename]?.(shown)
  if (!screen) return form.replaceChildren(alert(`This page cannot show ${shown.component}.`), again())
  draw(current, screen)
}

function draw(current, { member, text, button, fields }) {
  const errors = current.challenge.responseErrors.map(({ message }) => alert(message))
  const inputs = fields.map(({ label, ...input }) => element('label', {}, label, element('input', input)))
  form.replaceChildren(...(text ? [element('p', {}, text)] : []), ...errors, ...inputs, element('button', {}, button))
  form.onsubmit = async (event) => {
    event.preventDefault()
    const values = [...form.querySelectorAll('input')].map((input) => [
      input.name,
      input.type === 'checkbox' ? input.checked : input.value,
    ])
    const response = { [member]: Object.fromEntries(values) }
    await attempt(() => ask(respond, { executionId: current.id, stepToken: current.stepToken, response }))
  }
  form.querySelector('input')?.focus()
}

function again() {
  return element('p', {}, element('a', { href: location.href }, 'Begin again'))
}

async function attempt(work) {
  try {
    show(await work())
  } catch (error) {
    form.replaceChildren(alert(error.message), again())
  }
}

await attempt(() => ask(start, { slug: form.dataset.slug, query: location.search.slice(1) }))
