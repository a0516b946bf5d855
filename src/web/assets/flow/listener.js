import { ask } from './api.js'
import { follow } from './follow.js'

/** Hears of steps that nobody on this page has asked for, for as long as something slow is under way. */
export class Listener {
  /** Steps that came while this page waited for a reply. */
  #unheard = []
  /** The execution that is followed, until `left` aborts. */
  #followed
  #page

  /** The page says which execution is `shown`, if any, and whether it `isBusy`; it can `draw` a step, `feel` how steps come, and `end`. */
  constructor(page) {
    this.#page = page
  }

  /** Follows what is on screen, or nothing any more. */
  attend() {
    const { status, waiting, id } = this.#page.shown() ?? {}
    if (this.#followed && this.#followed.id === id && waiting) return
    this.leave()
    if (status !== 'ACTIVE' || !waiting) return
    const left = new AbortController()
    this.#followed = { id, left }
    this.#page.feel('live')
    follow({
      shown: () => this.#page.shown(),
      tell: (step) => this.hear(step),
      feel: (how) => this.#page.feel(how),
      // What is being asked at this moment is refused, too, and says so itself.
      refused: ({ message }) => this.#page.isBusy() || this.#page.end(message),
      signal: left.signal,
    })
  }

  leave() {
    this.#followed?.left.abort()
    this.#followed = undefined
  }

  /** A step has come. What was asked for goes first: it may well have led there. */
  hear(step) {
    if (this.#page.isBusy()) return this.#unheard.push(step)
    if (this.#page.shown()?.id !== step.id) return
    const was = this.#followed
    this.#page.draw(step)
    // A stream tells what was missed, too: this may not be the last of it. What leads on reads by itself.
    const leadsOn = step.challenge.__typename === 'ContinueChallenge'
    if (was && !this.#followed && step.status === 'ACTIVE' && !leadsOn) this.look()
  }

  /** There is no reply to wait for any more. */
  catchUp() {
    for (const step of this.#unheard.splice(0)) this.hear(step)
  }

  /** Reads what stands, behind what is on screen. */
  async look() {
    const shown = this.#page.shown()
    if (!shown) return
    const step = await ask('read', shown.id).catch(() => undefined)
    if (step) this.hear(step)
  }
}
