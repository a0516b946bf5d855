import { refusal } from './api.js'

/** How long a stream may be quiet: the server says something every 12 seconds (milliseconds). */
const quietFor = 30_000

/**
 * Runs a subscription as server-sent events, where sockets are not let through. Ends as one in a socket does. A proxy that
 * keeps the stream to itself makes it quiet.
 */
export async function overEventStream({ query, variables, tell, hear, signal }) {
  const ended = new AbortController()
  const leave = () => ended.abort()
  signal.addEventListener('abort', leave, { once: true })
  let timer
  const wait = () => {
    clearTimeout(timer)
    timer = setTimeout(() => ended.abort(new Error('The stream went quiet.')), quietFor)
  }
  wait()
  try {
    const reply = await fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query, variables }),
      signal: ended.signal,
    })
    if (!reply.ok || !reply.headers.get('content-type')?.startsWith('text/event-stream')) throw new Error('No stream came.')
    for await (const { event, data } of eventsIn(reply.body, () => {
      wait()
      hear()
    })) {
      if (event === 'complete') return
      if (event !== 'next') continue
      const result = JSON.parse(data)
      if (result.errors) throw refusal(result.errors)
      tell(result.data)
    }
    throw new Error('The stream was cut off.')
  } catch (problem) {
    if (!signal.aborted) throw problem
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', leave)
    ended.abort()
  }
}

/** Events as they come; `stir` is called for whatever comes. */
async function* eventsIn(body, stir) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  let pending = ''
  for (;;) {
    const { value, done } = await reader.read()
    if (done) return
    stir()
    const blocks = (pending + value).split(/\r?\n\r?\n/)
    pending = blocks.pop()
    for (const block of blocks) yield eventOf(block)
  }
}

function eventOf(block) {
  const lines = block.split(/\r?\n/).map((line) => /^(\w*):? ?(.*)$/.exec(line) ?? [])
  const all = (name) => lines.filter(([, field]) => field === name).map(([, , value]) => value)
  return { event: all('event').at(-1) ?? 'message', data: all('data').join('\n') }
}
