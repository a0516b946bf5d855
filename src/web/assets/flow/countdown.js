import { serverNow } from './clock.js'
import { element } from './dom.js'

const minute = 60_000
/** How often to look whether it is over for the server, too: two clocks differ (milliseconds). */
const again = 5000

/**
 * The time that is left until an instant, as it runs out, for eyes alone: nobody wants each second read out. `over` is called
 * when none is left, again and again until the signal aborts, and `soon` once when half a minute is.
 */
export function countdown(instant, { signal, over, soon }) {
  const until = Date.parse(instant)
  const node = element('span', { role: 'timer', 'aria-live': 'off' })
  let timer
  const later = (work, milliseconds) => {
    timer = setTimeout(work, milliseconds)
  }
  const isOver = () => {
    over()
    later(isOver, again)
  }
  const tick = () => {
    const left = until - serverNow()
    node.textContent = spelled(left)
    if (left <= 0) return isOver()
    if (left <= minute / 2 && left > minute / 2 - 1000) soon?.()
    later(tick, left > 2 * minute ? left % minute || minute : left % 1000 || 1000)
  }
  if (until > serverNow()) tick()
  else later(isOver, again)
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true })
  return node
}

/** Hours or minutes while there are many, then minutes and seconds. */
function spelled(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000))
  if (seconds > 7200) return `${Math.ceil(seconds / 3600)} hours`
  if (seconds > 120) return `${Math.ceil(seconds / 60)} minutes`
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
