// Walks a flow through the public GraphQL API. A challenge without a screen of its own gets a form made of its answer's rules.

import { offers, waysOut } from './flow/actions.js'
import { ask } from './flow/api.js'
import { alert, element, line, link } from './flow/dom.js'
import { errorBook } from './flow/error-book.js'
import { refill } from './flow/field.js'
import { Listener } from './flow/listener.js'
import { here, keep, kept } from './flow/memo.js'
import { announce, say, unsay } from './flow/news.js'
import { focusOn, keepingPlace } from './flow/place.js'
import { plainForm } from './flow/plain-form.js'
import { asksTheSame, becamePossible, looksAlike } from './flow/same.js'
import { screens } from './flow/screens.js'
import { showConnection, waitPanel, wordsFor } from './flow/waiting.js'

const form = document.querySelector('#flow')
const heading = document.querySelector('h1')
const working = 'One moment ...'

/** What is on screen: the execution, its screen, what that keeps, what was answered last, and what ends with it. */
let drawn
/** How steps come that nobody here has asked for. */
let connection = 'live'
const listener = new Listener({
  shown: () => drawn?.execution,
  isBusy: () => form.getAttribute('aria-busy') === 'true',
  draw: (step) => draw(step, { unasked: true }),
  feel,
  end: (message) => end(alert(message)),
})
const look = () => listener.look()

/** Shows what came of an operation. */
function show(result, answered) {
  if (result.challenge) return draw(result, { answered })
  const wait = result.retryAfter ? ` (${result.retryAfter} seconds)` : ''
  if (drawn && wait) return complain(`${result.message}${wait}`)
  end(alert(`${result.message}${wait}`))
}

/** Shows a step. One that nobody here has asked for disturbs nobody more than it must. */
function draw(execution, { answered, unasked = false } = {}) {
  const before = drawn?.execution.id === execution.id ? drawn : undefined
  // Replies and streams may overtake each other.
  if (before && execution.sequence < before.execution.sequence) return
  if (unasked && before && looksAlike(before.execution, execution)) renew(execution)
  else replace(execution, { answered, unasked, before })
  listener.attend()
}

/** Nothing but what may be done about it has changed. */
function renew(execution) {
  const possible = becamePossible(drawn.execution, execution)
  drawn.execution = execution
  if (!keepingPlace(form, drawActions)) focusOn(form, heading)
  for (const node of form.querySelectorAll('#actions button'))
    if (possible.includes(node.dataset.key)) announce(`${node.textContent}: possible now.`)
}

function replace(execution, { answered, unasked, before }) {
  const { challenge, flow } = execution
  const goesOn = before?.kind === challenge.__typename
  const typed = goesOn && challenge.responseErrors.length > 0 ? [...form.elements] : []
  drawn?.left.abort()
  drawn = {
    execution,
    kind: challenge.__typename,
    answered: goesOn && unasked ? before.answered : answered,
    memory: goesOn ? before.memory : {},
    left: new AbortController(),
  }
  keep(execution)
  heading.textContent = flow.title
  document.title = flow.title
  if (!goesOn || !unasked) say('')

  const errors = errorBook(challenge.responseErrors)
  drawn.screen = (screens[challenge.__typename] ?? plainForm)(turnOf(drawn, errors))
  const { screen } = drawn
  const isPlaced = goesOn && unasked && keepingPlace(form, () => drawScreen(errors))
  if (!goesOn || !unasked) drawScreen(errors)
  refill(form, typed)
  if (!isPlaced) focusOn(form, heading, screen.focus)
  announce(newsOf(before?.execution.waiting, drawn))
}

/** What somebody should hear who does not see what is there now. Errors are heard by themselves. */
function newsOf(waitedFor, { execution: { waiting, challenge }, screen }) {
  if (screen.news || waiting) return screen.news ?? wordsFor(waiting, screen.words).join(' ')
  const isSent = waitedFor?.reason === 'DELIVERY' && challenge.responseErrors.length === 0
  return isSent ? wordsFor({ ...waitedFor, delivery: 'SENT' }, screen.words).at(-1) : ''
}

function drawScreen(errors) {
  const { execution, screen, left } = drawn
  const { challenge, waiting } = execution
  const { words } = screen
  form.replaceChildren(
    ...who(challenge),
    ...errors.rest().map(alert),
    ...(waiting ? [waitPanel(waiting, { words, signal: left.signal, look, connection })] : []),
    ...screen.content,
    ...(screen.submit ? [element('button', {}, screen.submit)] : []),
    ...(screen.more ?? []),
    element('div', { id: 'actions' }),
  )
  drawActions()
  form.onsubmit = (event) => {
    event.preventDefault()
    if (screen.submit) send(async () => screen.answer(new FormData(form)))
  }
}

function drawActions() {
  const { execution, screen, left } = drawn
  drawn.offered?.abort()
  const offered = new AbortController()
  drawn.offered = offered
  left.signal.addEventListener('abort', () => offered.abort(), { once: true })
  const { signal } = offered
  const { names, over, leads } = screen
  const nodes = [...offers(execution, { names, perform, look, signal }), ...waysOut(execution, { perform, over, here })]
  form.querySelector('#actions').replaceChildren(...(leads ? [] : nodes))
}

/** What a screen may know and do. */
function turnOf({ execution, answered, memory, left }, errors) {
  const { challenge, waiting, actions } = execution
  return {
    challenge,
    waiting,
    offered: actions.map(({ type }) => type),
    allowed: actions.filter(({ enabled }) => enabled).map(({ type }) => type),
    errors,
    answered,
    memory,
    signal: left.signal,
    send,
    perform,
    redraw: () => draw({ ...drawn.execution, challenge: { ...challenge, responseErrors: [] } }),
    reread: () => attempt(async () => show(await ask('read', execution.id))),
  }
}

/** Sends what the screen makes of what was filled in. `explain` puts into words why it made nothing. */
function send(answer, explain = ({ message }) => message) {
  const { kind } = drawn
  return attempt(async () => {
    let response
    try {
      response = await answer()
    } catch (error) {
      return complain(explain(error))
    }
    const member = kind.charAt(0).toLowerCase() + kind.slice(1).replace(/Challenge$/, '')
    await change('respond', { response: { [member]: response } }, response)
  })
}

function perform(action) {
  return attempt(async () => {
    // Who wants another way has not chosen one yet.
    if (action === 'CHOOSE_ANOTHER') drawn.memory = {}
    await change('perform', { action }, { action })
  })
}

/** Changes the step on screen. Where another one stands meanwhile that asks the same, the change is for that one. */
async function change(operation, input, answered, tries = 1) {
  const { execution } = drawn
  const { id: executionId, stepToken } = execution
  const result = await ask(operation, { executionId, stepToken, ...input })
  if (!result.current) return show(result, answered)
  const standing = await ask('read', executionId)
  if (tries === 1 && result.code === 'STALE_STEP' && asksTheSame(execution, standing, input)) {
    drawn.execution = standing
    return change(operation, input, answered, tries + 1)
  }
  draw(standing)
  say(
    result.code === 'ACTION_NOT_ALLOWED'
      ? 'That cannot be done now. This is where it stands.'
      : 'This step was answered elsewhere meanwhile. This is where it stands.',
  )
}

/** One thing at a time. What fails leaves the screen as it is, to be tried again: an answer counts once. Returns whether it did not. */
async function attempt(work) {
  if (form.getAttribute('aria-busy') === 'true') return false
  form.setAttribute('aria-busy', 'true')
  say(working)
  try {
    await work()
    return true
  } catch (error) {
    complain(error.message)
    return false
  } finally {
    form.setAttribute('aria-busy', 'false')
    unsay(working)
    listener.catchUp()
  }
}

function feel(how) {
  connection = how
  const place = form.querySelector('[data-connection]')
  if (place) showConnection(place, connection, look)
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
  listener.leave()
  keep(undefined)
  form.replaceChildren(...content, line(link(here, 'Begin again')))
}

function who({ pendingUser, pendingUserAvatar }) {
  if (!pendingUser) return []
  return [element('p', { class: 'who' }, element('img', { src: pendingUserAvatar, alt: '', width: 32, height: 32 }), pendingUser)]
}

/** Who comes back from a source goes on where they were, even if that is the end. */
async function begin() {
  const named = new URLSearchParams(location.hash.slice(1)).get('execution')
  if (named) history.replaceState(null, '', here)
  const standing = named ? await read(named) : await read(kept())
  if (standing && (named || standing.status === 'ACTIVE')) return show(standing)
  show(await ask('start', { slug: form.dataset.slug, query: location.search.slice(1) }))
}

/** What another session began, or what is over for long, is nothing to go on with. */
function read(id) {
  return id ? ask('read', id).catch(() => undefined) : undefined
}

// What came while nobody looked may not have been told: a browser lets hidden pages sleep.
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible' && drawn?.execution.waiting) look()
})
addEventListener('pagehide', () => listener.leave())
addEventListener('pageshow', ({ persisted }) => {
  if (!persisted) return
  listener.attend()
  look()
})

await attempt(begin)
