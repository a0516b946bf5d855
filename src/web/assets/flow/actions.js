import { countdown } from './countdown.js'
import { button, element, line, link } from './dom.js'

const names = { RESEND: 'Send it again', CHOOSE_ANOTHER: 'Choose another way' }

let made = 0

/**
 * Buttons for what a stage offers beside its answer; `names` of a screen go before those for everybody. One without a name has
 * no button.
 */
export function offers({ actions }, { names: own = {}, perform, look, signal }) {
  const offered = actions.filter(({ type }) => Object.hasOwn(names, type))
  return offered.flatMap((action) => {
    const { type, enabled } = action
    const text = Object.hasOwn(own, type) ? own[type] : names[type]
    if (!text) return []
    return enabled ? [button(text, () => perform(type), { 'data-key': type })] : later(text, action, { look, signal })
  })
}

/** A button that can be found, and does nothing yet. The server has the last word on when it does. */
function later(text, { type, reason, availableAt }, { look, signal }) {
  made += 1
  const id = `action-${made}`
  const when = availableAt ? ['Possible in ', countdown(availableAt, { signal, over: look })] : []
  const note = element('p', { class: 'hint', id }, ...(reason ? [`${reason} `] : []), ...when)
  return [
    button(text, () => undefined, { 'aria-disabled': 'true', 'aria-describedby': id, 'data-key': type }),
    ...(note.hasChildNodes() ? [note] : []),
  ]
}

/** The ways out that the step offers. */
export function waysOut({ actions, flow }, { perform, over, here }) {
  if (over) return [line(link(here, 'Begin again'))]
  const offered = actions.filter(({ enabled }) => enabled).map(({ type }) => type)
  const cancel = link(flow.cancelUrl, 'Cancel')
  cancel.addEventListener('click', (event) => {
    if (!offered.includes('CANCEL')) return
    event.preventDefault()
    perform('CANCEL')
  })
  const way = (type, text) =>
    offered.includes(type) ? [button(text, () => perform(type), { class: 'plain', 'data-key': type })] : []
  return [element('p', { class: 'footer' }, ...way('BACK', 'Back'), ...way('RESTART', 'Start over'), cancel)]
}
