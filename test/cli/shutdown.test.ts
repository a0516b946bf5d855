import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { Browser } from '../support/browser.ts'
import { type ChildServer, startChildServer } from '../support/child-server.ts'
import { quickEnvironment } from '../support/command-line.ts'
import { endOf, nextStep, overSse } from '../support/streams.ts'

const flow = 'default-authentication-flow'

describe.each(['SIGTERM', 'SIGINT'] as const)('on %s the server', { timeout: 120_000 }, (signal) => {
  it('ends streams and sockets with a word, and itself without an error', async () => {
    const server = await start()
    const browser = new Browser(server.url)
    const stream = await overSse.listen(browser, (await browser.start(flow)).id)
    await nextStep(stream)
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
    await once(socket, 'open')

    const [code, end, [closed]] = await Promise.all([server.stop(signal), endOf(stream), once(socket, 'close')])

    expect({ code, end, closed }).toEqual({ code: 0, end: 'SERVICE_UNAVAILABLE', closed: 1001 })
    expect(server.log()).toContain(`"signal":"${signal}"`)
    expect(server.log()).not.toMatch(/"level":"(error|fatal)"/)
  })
})

describe('a server that stops', { timeout: 120_000 }, () => {
  it('answers the request that it is reading, and lets nobody else in', async () => {
    const server = await start()
    const body = JSON.stringify({ query: `mutation { startFlow(input: { slug: "${flow}" }) { __typename } }` })
    const outgoing = request(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': body.length, expect: '100-continue' },
    })
    outgoing.flushHeaders()
    // From here on the server is at work on it.
    await once(outgoing, 'continue')

    const stopped = server.stop()
    await refused(server)
    outgoing.end(body)
    const [incoming] = await once(outgoing, 'response')

    expect(JSON.parse(await text(incoming))).toEqual({ data: { startFlow: { __typename: 'FlowExecution' } } })
    expect(await stopped).toBe(0)
  })

  it('does not wait for connections on which nothing happens', async () => {
    const server = await start()
    const idle = connect(Number(new URL(server.url).port), '127.0.0.1')
    await once(idle, 'connect')
    const used = new Browser(server.url)
    await used.start(flow)

    const [code] = await Promise.all([server.stop(), once(idle.resume(), 'close')])

    expect(code).toBe(0)
  })

  it('leaves no process behind', async () => {
    const server = await start()
    await server.stop()

    expect(() => process.kill(server.pid, 0)).toThrow('ESRCH')
  })
})

describe('the metrics on a port of their own', { timeout: 120_000 }, () => {
  it('need no token, and end with the server', async () => {
    const server = await start({ METRICS_PORT: '0' })
    const address = /Metrics {2}(\S+)$/m.exec(server.output())?.[1] ?? ''
    await new Browser(server.url).start(flow)

    const metrics = await (await fetch(address)).text()

    expect(metrics).toMatch(/^stagedoor_http_request_duration_seconds_count\{face="graphql",method="POST",status="200"\} 1$/m)
    expect(metrics).toMatch(/^stagedoor_subscriptions 0$/m)
    expect((await fetch(new URL('/', address))).status).toBe(404)
    expect((await fetch(`${server.url}/metrics`)).status).toBe(404)
    expect(await server.stop()).toBe(0)
    await expect(fetch(address)).rejects.toThrow()
  })
})

async function start(env: Record<string, string> = {}): Promise<ChildServer> {
  const server = await startChildServer({ ...quickEnvironment(), ...env })
  onTestFinished(async () => void (await server.stop('SIGKILL')))
  return server
}

/** Resolves once the server takes no more connections. */
async function refused(server: ChildServer): Promise<void> {
  while (
    await fetch(`${server.url}/healthz`).then(
      () => true,
      () => false,
    )
  );
}
