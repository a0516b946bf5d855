// Walks a flow through the public GraphQL API. A challenge without a screen of its own gets a form made of its answer's rules.

import { ask } from './flow/api.js'
import { alert, button, element, line, link } from './flow/dom.js'
import { refill } from './flow/field.js'
import { plainForm } from './flow/plain-form.js'
import { screens } from './flow/screens.js'

const form = document.querySelector('#flow')
const status = document.querySelector('#status')
const heading = document.querySelector('h1')
const here = location.pathname + location.search
const memo = 'stagedoor.execution'

/** What is on screen: the execution, what the screen keeps, what was answered last, and what ends with it. */
let drawn

/** Shows what came of an operation. */
async function show(result, answered) {
  if (result.challenge) return draw(result, answered)
  if (result.current) {
    draw(await ask('read', result.current.id))
    return say('This step was answered elsewhere meanwhile. This is where it stands.')
  }
  const wait = result.retryAfter ? ` (${result.retryAfter} seconds)` : ''
  if (drawn && wait) return complain(`${result.message}${wait}`)
  end(alert(`${result.message}${wait}`))
}

function draw(execution, answered) {
  const { challenge, flow } = execution
  const goesOn = drawn?.execution.id === execution.id && drawn.kind === challenge.__typename
  const before = goesOn && challenge.responseErrors.length > 0 ? [...form.elements] : []
  drawn?.left.abort()
  drawn = {
    execution,
    kind: challenge.__typename,
    answered,
    memory: goesOn ? drawn.memory : {},
    left: new AbortController(),
  }
  keep(execution)
  heading.textContent = flow.title
  document.title = flow.title
  say('')

  const errors = errorBook(challenge.responseErrors)
  const screen = (screens[challenge.__typename] ?? plainForm)(turnOf(drawn, errors))
  const submit = screen.submit ? [element('button', {}, screen.submit)] : []
  form.replaceChildren(
    ...who(challenge),
    ...errors.rest().map(alert),
    ...screen.content,
    ...submit,
    ...(screen.more ?? []),
    ...(screen.leads ? [] : footer(execution, screen.over)),
  )
  form.onsubmit = (event) => {
    event.preventDefault()
    if (screen.submit) send(async () => screen.answer(new FormData(form)))
  }
  refill(form, before)
  focus(screen)
}

/** What a screen may know and do. */
function turnOf({ execution, answered, memory, left }, errors) {
  return {
    challenge: execution.challenge,
    errors,
    answered,
    memory,
    signal: left.signal,
    send,
    perform,
    redraw: () => draw({ ...execution, challenge: { ...execution.challenge, responseErrors: [] } }),
    reread: () => attempt(async () => show(await ask('read', execution.id))),
  }
}

/** What was refused, by fields. What no screen takes is shown above it. */
function errorBook(responseErrors) {
  const taken = new Set()
  const of = (field) => responseErrors.filter((error) => error.field === field)
  const take = (field) => {
    taken.add(field)
    return of(field).map(({ message }) => message)
  }
  return Object.assign(take, {
    only: (field, message) => responseErrors.length === 1 && of(field).some((error) => error.message === message),
    rest: () => responseErrors.filter(({ field }) => !taken.has(field)).map(({ message }) => message),
  })
}

/** Sends what the screen makes of what was filled in. `explain` puts into words why it made nothing. */
function send(answer, explain = ({ message }) => message) {
  const { execution, kind } = drawn
  return attempt(async () => {
    let response
    try {
      response = await answer()
    } catch (error) {
      return complain(explain(error))
    }
    const member = kind.charAt(0).toLowerCase() + kind.slice(1).replace(/Challenge$/, '')
    const { id: executionId, stepToken } = execution
    await show(await ask('respond', { executionId, stepToken, response: { [member]: response } }), response)
  })
}

function perform(action) {
  const { id: executionId, stepToken } = drawn.execution
  return attempt(async () => show(await ask('perform', { executionId, stepToken, action })))
}

/** One thing at a time. What fails leaves the screen as it is, to be tried again: an answer counts once. */
async function attempt(work) {
  if (form.getAttribute('aria-busy') === 'true') return
  form.setAttribute('aria-busy', 'true')
  say('One moment ...')
  try {
    await work()
  } catch (error) {
    complain(error.message)
  } finally {
    form.setAttribute('aria-busy', 'false')
    if (status.textContent === 'One moment ...') say('')
  }
}

function complain(message) {
  say('')
  if (!drawn) return end(alert(message))
  form.querySelector('[data-complaint]')?.remove()
  const complaint = alert(message)
  complaint.dataset.complaint = ''
  form.prepend(complaint)
}

/** Nothing stands any more: what is left is to begin again. */
function end(...content) {
  drawn?.left.abort()
  drawn = undefined
  keep(undefined)
  form.replaceChildren(...content, line(link(here, 'Begin again')))
}

function say(text) {
  status.textContent = text
}

function who({ pendingUser, pendingUserAvatar }) {
  if (!pendingUser) return []
  return [element('p', { class: 'who' }, element('img', { src: pendingUserAvatar, alt: '', width: 32, height: 32 }), pendingUser)]
}

/** The ways out that the step offers. */
function footer({ actions, flow }, over) {
  if (over) return [line(link(here, 'Begin again'))]
  const offered = actions.filter(({ enabled }) => enabled).map(({ type }) => type)
  const cancel = link(flow.cancelUrl, 'Cancel')
  cancel.addEventListener('click', (event) => {
    if (!offered.includes('CANCEL')) return
    event.preventDefault()
    perform('CANCEL')
  })
  const restart = offered.includes('RESTART') ? [button('Start over', () => perform('RESTART'), { class: 'plain' })] : []
  return [element('p', { class: 'footer' }, ...restart, cancel)]
}

/** To what was wrong, else to what is empty; where there is nothing to fill in, to the beginning. */
function focus(screen) {
  const fields = [...form.elements].filter((control) => {
    return control.matches('input, select, textarea') && !control.hidden && !control.readOnly && control.type !== 'hidden'
  })
  const wrong = form.querySelector('[aria-invalid="true"]')
  const first = fields.find(({ value }) => value === '') ?? fields[0]
  const target = (wrong?.matches('fieldset') ? wrong.querySelector('input') : wrong) ?? screen.focus ?? first ?? heading
  target.focus()
}

/** A page that is loaded again goes on where it was; a link that is followed begins anew. */
function keep(execution) {
  try {
    if (execution) sessionStorage.setItem(memo, JSON.stringify({ here, id: execution.id }))
    else sessionStorage.removeItem(memo)
  } catch {
    // A browser that keeps nothing for pages begins anew.
  }
}

function kept() {
  try {
    const { here: page, id } = JSON.parse(sessionStorage.getItem(memo) ?? '{}')
    const [navigation] = performance.getEntriesByType('navigation')
    return navigation?.type === 'reload' && page === here ? id : undefined
  } catch {
    return undefined
  }
}

/** Who comes back from a source goes on where they were, even if that is the end. */
async function begin() {
  const named = new URLSearchParams(location.hash.slice(1)).get('execution')
  if (named) history.replaceState(null, '', here)
  const standing = named ? await read(named) : await read(kept())
  if (standing && (named || standing.status === 'ACTIVE')) return show(standing)
  await show(await ask('start', { slug: form.dataset.slug, query: location.search.slice(1) }))
}

/** What another session began, or what is over for long, is nothing to go on with. */
function read(id) {
  return id ? ask('read', id).catch(() => undefined) : undefined
}

await attempt(begin)
