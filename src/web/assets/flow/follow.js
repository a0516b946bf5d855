import { ask, watch } from './api.js'
import { overEventStream } from './event-stream.js'
import { overSocket } from './socket.js'

/** How steps may come: the best way first; the last one works wherever this page does. */
const ways = [overSocket, overEventStream, byAsking]
/** How often a way may fail while the server can be reached: one that never worked, and one that did. */
const mostMisses = { untried: 2, known: 4 }
/** How often a connection that is cut is taken up again before the server is asked by other means. */
const mostResumed = 3
/** The longest pause between two tries, and how long a connection must hold to be a good one (milliseconds). */
const longestPause = 30_000
const holdsAfter = 10_000
/** What tells that there is nothing to follow any more. */
const final = ['EXECUTION_NOT_FOUND', 'EXECUTION_EXPIRED']

/** Which way is taken, whether it ever worked, and how often it failed since: what a network lets through seldom changes. */
let chosen = 0
let worked = false
let misses = 0

/**
 * Follows an execution while something slow is under way: `tell` gets each step after the one that `shown` returns, until the
 * signal aborts. `feel` is told whether steps come at once (`live`), are asked for (`asking`), or cannot come now (`lost`);
 * `refused` that there is nothing to follow any more, and why.
 */
export async function follow({ shown, tell, feel, refused, signal }) {
  let failures = 0
  let gone = 0
  while (!signal.aborted) {
    const { began, problem } = await connect({ shown, tell, feel, signal })
    if (signal.aborted) return
    if (began !== undefined && Date.now() - began > holdsAfter) failures = misses = 0
    failures += 1
    if (failures > 1) feel('lost')
    await pause(backoff(failures), signal)
    // A connection that was cut is taken up again where it was: no step is left out.
    const isCut = began !== undefined && !problem?.code && failures <= mostResumed
    if (signal.aborted || isCut) continue
    try {
      const step = await ask('read', shown().id)
      gone = 0
      if (miss()) failures = 0
      // A way that has worked is tried once more before: it tells what was missed, step by step.
      if (!signal.aborted && !(worked && misses === 1)) tell(step)
    } catch (error) {
      gone = final.includes(error.code) ? gone + 1 : 0
      // Once is not enough: another tab may just have got another cookie.
      if (gone > 1 && !signal.aborted) return refused(error)
      feel('lost')
    }
  }
}

/** Takes the chosen way until it ends: when it began to work, and what was wrong. */
async function connect({ shown, tell, feel, signal }) {
  const way = ways[chosen]
  let began
  const hear = () => {
    began ??= Date.now()
    worked = true
    feel(way === byAsking ? 'asking' : 'live')
  }
  try {
    await way({ ...watch(shown()), shown, tell: (data) => tell(data.flowExecution), hear, signal })
    return { began }
  } catch (problem) {
    return { began, problem }
  }
}

/** The server can be reached, and not in this way. Returns whether another one is taken from now on. */
function miss() {
  misses += 1
  if (misses < (worked ? mostMisses.known : mostMisses.untried) || chosen === ways.length - 1) return false
  chosen += 1
  worked = false
  misses = 0
  return true
}

async function byAsking({ shown, tell, hear, signal }) {
  for (;;) {
    await pause((shown().waiting?.pollAfter ?? 5) * 1000, signal)
    if (signal.aborted) return
    const flowExecution = await ask('read', shown().id)
    hear()
    tell({ flowExecution })
  }
}

/** Twice as long each time, and never the same for all who lost the same server. */
function backoff(failures) {
  return Math.min(longestPause, 250 * 2 ** failures) * (0.5 + Math.random() / 2)
}

/** Ends early when the network is back, or somebody looks. */
function pause(milliseconds, signal) {
  if (signal.aborted) return Promise.resolve()
  const over = new AbortController()
  return new Promise((resolve) => {
    const go = () => {
      clearTimeout(timer)
      over.abort()
      resolve()
    }
    const timer = setTimeout(go, milliseconds)
    const listen = (target, event, then) => target.addEventListener(event, then, { signal: over.signal })
    listen(signal, 'abort', go)
    listen(globalThis, 'online', go)
    listen(document, 'visibilitychange', () => {
      if (document.visibilityState === 'visible') go()
    })
  })
}
