import { button, line } from './dom.js'

/** How often this page asks by itself before it leaves that to the person. */
const mostReads = 5

/** Nothing is asked here: the reply to a request carries a cookie that a stream cannot, and leads on. */
export function continueScreen({ memory, signal, reread }) {
  const ask = async () => {
    memory.reads = (memory.reads ?? 0) + 1
    // Where that worked, what comes of it is on screen now.
    if ((await reread()) || signal.aborted) return
    later()
  }
  const later = () => {
    const reads = memory.reads ?? 0
    if (reads >= mostReads) return
    const timer = setTimeout(ask, reads === 0 ? 0 : 250 * 2 ** reads)
    signal.addEventListener('abort', () => clearTimeout(timer), { once: true })
  }
  later()
  return { content: [line('You are being led on ...'), button('Go on', reread)] }
}
