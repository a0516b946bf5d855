import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Browser } from '../support/browser.ts'
import { type ChildServer, startChildServer } from '../support/child-server.ts'
import { quickEnvironment, runCommand } from '../support/command-line.ts'

const flow = 'default-authentication-flow'
const announced = /First start: sign in as akadmin with the password\n\n {2}(\S+)\n/

describe('the first start', { timeout: 120_000 }, () => {
  it('tells where it listens, and the password of the administrator, which works', async () => {
    const server = await start(quickEnvironment())
    const password = announced.exec(server.output())?.[1] ?? ''

    expect(server.output()).toContain(`Stagedoor listens on http://localhost:${new URL(server.url).port}\n`)
    expect(password.length).toBeGreaterThanOrEqual(16)
    expect(await signsIn(server, password)).toBe(true)
    expect(server.log()).not.toContain(password)
  })

  it('is the only one that tells the password', async () => {
    const env = quickEnvironment()
    const first = await start(env)
    await first.stop()
    const second = await start(env)

    expect(first.output()).toMatch(announced)
    expect(second.output()).toMatch(/^Stagedoor listens on/)
    expect(second.output()).not.toMatch(/password/i)
  })

  it('tells it also when the server cannot listen then, for no later one does', async () => {
    const busy = createServer().listen(0, '127.0.0.1')
    await once(busy, 'listening')
    onTestFinished(() => void busy.close())
    const env = quickEnvironment()

    const PORT = String((busy.address() as AddressInfo).port)
    const failed = await runCommand(['serve'], { ...env, HOST: '127.0.0.1', PORT })

    expect(failed).toMatchObject({ code: 1, errors: expect.stringContaining('EADDRINUSE') })
    expect(failed.errors).not.toMatch(/\n +at /)
    const password = announced.exec(failed.output)?.[1] ?? ''
    expect(await signsIn(await start(env), password)).toBe(true)
  })

  it('ends when the port of the metrics is taken', async () => {
    const busy = createServer().listen(0, '127.0.0.1')
    await once(busy, 'listening')
    onTestFinished(() => void busy.close())

    const METRICS_PORT = String((busy.address() as AddressInfo).port)
    const env = { ...quickEnvironment(), HOST: '127.0.0.1', PORT: '0', METRICS_PORT }

    expect(await runCommand(['serve'], env)).toMatchObject({ code: 1, errors: expect.stringContaining('EADDRINUSE') })
  })

  it("takes the operator's password and token, and tells neither", async () => {
    const given = { BOOTSTRAP_PASSWORD: 'chosen by the operator', BOOTSTRAP_TOKEN: 'token-chosen-by-the-operator' }
    const env = { ...quickEnvironment(), ...given }
    const server = await start(env)
    const me = await fetch(`${server.url}/api/v3/core/users/me/`, {
      headers: { authorization: `Bearer ${given.BOOTSTRAP_TOKEN}` },
    })

    expect(await signsIn(server, given.BOOTSTRAP_PASSWORD)).toBe(true)
    expect(await me.json()).toMatchObject({ user: { username: 'akadmin', is_superuser: true } })
    for (const secret of Object.values(given)) expect(server.output() + server.log()).not.toContain(secret)
  })

  it('is over: a later password of the operator changes nothing, a later token does', async () => {
    const env = quickEnvironment()
    await (await start({ ...env, BOOTSTRAP_PASSWORD: 'chosen at first', BOOTSTRAP_TOKEN: 'the-token-chosen-at-first' })).stop()
    const server = await start({ ...env, BOOTSTRAP_PASSWORD: 'chosen later', BOOTSTRAP_TOKEN: 'the-token-that-was-chosen-later' })
    const statusWith = async (token: string) =>
      (await fetch(`${server.url}/api/v3/core/users/me/`, { headers: { authorization: `Bearer ${token}` } })).status

    expect(await signsIn(server, 'chosen at first')).toBe(true)
    expect(await signsIn(server, 'chosen later')).toBe(false)
    expect(await statusWith('the-token-chosen-at-first')).toBe(403)
    expect(await statusWith('the-token-that-was-chosen-later')).toBe(200)
  })

  it('makes a key that keeps sessions over a restart', async () => {
    const env = { ...quickEnvironment(), BOOTSTRAP_PASSWORD: 'chosen by the operator' }
    const first = await start(env)
    const browser = new Browser(first.url)
    await browser.signIn(flow, { username: 'akadmin', password: env.BOOTSTRAP_PASSWORD })
    const cookie = await browser.cookieHeader()
    await first.stop()
    const second = await start(env)

    const viewer = await fetch(`${second.url}/graphql?query={viewer{user{username}}}`, { headers: { cookie } })

    expect(await viewer.json()).toEqual({ data: { viewer: { user: { username: 'akadmin' } } } })
  })
})

async function start(env: Record<string, string>): Promise<ChildServer> {
  const server = await startChildServer(env)
  onTestFinished(async () => void (await server.stop('SIGKILL')))
  return server
}

async function signsIn(server: ChildServer, password: string): Promise<boolean> {
  return (await new Browser(server.url).signIn(flow, { username: 'akadmin', password })).status === 'FINISHED'
}
