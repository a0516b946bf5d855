import { createClient as createSseClient } from 'graphql-sse'
import { createClient as createSocketClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import { type Browser, type Reply, type Step, stepFields } from './browser.ts'

export const watch = `subscription Watch($id: ID!, $after: Int) {
  flowExecution(id: $id, afterSequence: $after) { ...Step } } ${stepFields}`

/** What a stream sends: results until it is over. */
export type StepStream = AsyncIterator<Reply<{ flowExecution: Step }>>

/** One way to listen. */
export interface StreamWay {
  readonly name: string
  /** Listens with the cookies that the browser has now. */
  listen(browser: Browser, id: string, after?: number): Promise<StepStream>
}

/** A socket with the cookies of a browser. */
async function socketOf(browser: Browser, headers: Record<string, string> = {}) {
  const cookie = await browser.cookieHeader()
  return class extends WebSocket {
    constructor(url: string, protocols: string) {
      super(url, protocols, { headers: { ...(cookie && { cookie }), ...headers } })
    }
  }
}

/** A client of `graphql-transport-ws` that does not try again. */
export async function socketClient(browser: Browser, headers: Record<string, string> = {}) {
  const url = `${browser.url.replace('http', 'ws')}/graphql`
  return createSocketClient({ url, webSocketImpl: await socketOf(browser, headers), retryAttempts: 0, lazyCloseTimeout: 0 })
}

export const overSocket: StreamWay = {
  name: 'a graphql-transport-ws socket',
  listen: async (browser, id, after) =>
    (await socketClient(browser)).iterate({ query: watch, variables: { id, after } }) as never,
}

export const overSse: StreamWay = {
  name: 'server-sent events that were asked for by POST',
  listen: async (browser, id, after) =>
    createSseClient({ url: `${browser.url}/graphql`, fetchFn: browser.fetch, retryAttempts: 0 }).iterate({
      query: watch,
      variables: { id, after },
    }) as never,
}

export const overEventSource: StreamWay = {
  name: 'server-sent events as an EventSource asks for them',
  listen: async (browser, id, after) => eventSource(browser, id, after),
}

export const streamWays = [overSocket, overSse, overEventSource] as const

/** What `new EventSource(url, { withCredentials: true })` sends, and how it reads what comes. */
async function* eventSource(browser: Browser, id: string, after?: number): AsyncGenerator<Reply<{ flowExecution: Step }>> {
  const search = new URLSearchParams({ query: watch, variables: JSON.stringify({ id, after }) })
  const response = await browser.fetch(`/graphql?${search}`, { headers: { accept: 'text/event-stream' } })
  if (!response.body || !response.headers.get('content-type')?.startsWith('text/event-stream')) {
    throw new Error(`No event stream came: ${response.status} ${await response.text()}`)
  }
  for await (const { event, data } of eventsOf(response.body)) {
    if (event === 'complete') return
    yield JSON.parse(data)
  }
  throw new Error('The connection ended, and the stream had not.')
}

async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<{ event: string; data: string }> {
  let pending = ''
  for await (const text of body.pipeThrough(new TextDecoderStream() as never) as unknown as AsyncIterable<string>) {
    const blocks = (pending + text).split('\n\n')
    pending = blocks.pop() ?? ''
    for (const block of blocks) {
      const fields = new Map(
        block.split('\n').map((line) => [line.split(':')[0] ?? '', line.slice(line.indexOf(':') + 1).trim()]),
      )
      if (fields.has('event')) yield { event: fields.get('event') ?? '', data: fields.get('data') ?? '' }
    }
  }
}

/** The next step of a stream; fails if it sends anything else. */
export async function nextStep(stream: StepStream): Promise<Step> {
  const { value, done } = await stream.next()
  const step = (value as Reply<{ flowExecution: Step }> | undefined)?.data?.flowExecution
  if (done || !step) throw new Error(`No step came: ${JSON.stringify(value)}`)
  return step
}

/** The code of the error that a stream ends with. */
export async function endOf(stream: StepStream): Promise<string> {
  const first = await stream.next().catch((refusal: unknown) => ({ value: { errors: refusal }, done: true }))
  const reply = first.value as Reply | undefined
  const code = String(reply?.errors?.[0]?.extensions?.code)
  const rest = first.done ? first : await stream.next()
  if (!rest.done) throw new Error(`The stream goes on: ${JSON.stringify(rest.value)}`)
  return code
}
