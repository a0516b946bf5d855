import { countdown } from './countdown.js'
import { button, element, line } from './dom.js'
import { announce } from './news.js'

const awaited = {
  ACTIVATION: 'Waiting for your device to be set up.',
  APPROVAL: 'Approve on your other device.',
  CONFIRMATION: 'Waiting for the link to be confirmed.',
  DELIVERY: 'The message is being sent.',
}
const deliveries = {
  QUEUED: 'It is being sent.',
  SENT: 'It was sent.',
  FAILED: 'It could not be sent.',
}
const connections = {
  live: '',
  asking: 'This page asks every few seconds how things stand.',
  lost: 'The server cannot be reached at the moment. This page keeps trying.',
}

/** What a step waits for, in words; `words` of a screen go before those for everybody. */
export function wordsFor({ reason, delivery }, words = {}) {
  const what = words[reason] ?? awaited[reason] ?? 'Something is under way.'
  // Where that is what is awaited, it need not be said twice.
  const isSaid = !delivery || (reason === 'DELIVERY' && delivery === 'QUEUED')
  return [what, ...(isSaid ? [] : [words[delivery] ?? deliveries[delivery]])]
}

/** What is under way, for how long yet, and how this page hears of its end. */
export function waitPanel(waiting, { words, signal, look, connection }) {
  const left = countdown(waiting.until, {
    signal,
    over: look,
    soon: waiting.reason === 'DELIVERY' ? undefined : () => announce('Half a minute is left.'),
  })
  const news = element('p', { class: 'hint', 'data-connection': '' })
  const panel = element(
    'div',
    { class: 'waiting', 'data-reason': waiting.reason.toLowerCase() },
    ...wordsFor(waiting, words).map((text) => line(text)),
    // How long a message may take is of no interest to anybody.
    ...(waiting.reason === 'DELIVERY' ? [] : [element('p', { class: 'hint' }, 'Time left: ', left)]),
    news,
  )
  showConnection(news, connection, look)
  return panel
}

/** How steps come, where that is not at once: then people may look again themselves. */
export function showConnection(place, connection, look) {
  const text = connections[connection]
  place.hidden = !text
  place.replaceChildren(...(text ? [text, ' ', button('Look again', look, { class: 'plain' })] : []))
}
