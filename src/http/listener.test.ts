import { get } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type ConnectionOptions, connect } from 'node:tls'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createAuthority, createCertificate, type TestCertificate } from '../../test/support/certificates.ts'
import { networksOf } from '../config.ts'
import { createSecretBox } from '../credentials/secret-box.ts'
import { SessionCookies } from '../session/cookie.ts'
import { createListener } from './listener.ts'
import { RequestContexts } from './request-context.ts'

const validNow = { notBefore: new Date(Date.now() - 86_400_000), notAfter: new Date(Date.now() + 86_400_000) }

let authority: TestCertificate
let tls: { cert: string; key: string }

beforeAll(async () => {
  authority = await createAuthority(validNow)
  const names = [{ type: 'dns' as const, value: 'localhost' }]
  const server = await createCertificate({ ...validNow, issuer: authority, subject: [{ CN: ['localhost'] }], names })
  tls = { cert: server.pem, key: server.keyPem }
})

interface Seen {
  readonly secure: boolean
  readonly clientCertificate?: string
  readonly header?: string
}

/** A server that answers with what it knows of a request. */
async function serve({
  trusted = [],
  headers = [],
  asksClients = true,
}: {
  trusted?: string[]
  headers?: string[]
  asksClients?: boolean
} = {}): Promise<number> {
  const secretKeys = ['a secret key for tests, and for tests only']
  const box = createSecretBox(secretKeys)
  const cookies = new SessionCookies({ name: 'session', secretKeys, box, ttl: 60, now: () => new Date() })
  const contexts = new RequestContexts(cookies, networksOf(trusted), 'http://localhost/', headers)
  const server = createListener(
    async (incoming, response) => {
      const { visitor, origin } = await contexts.of(incoming, 'request')
      const { clientCertificate, proxyHeader } = visitor
      response.end(JSON.stringify({ secure: origin.secure, clientCertificate, header: proxyHeader('ssl-client-cert') }))
    },
    { ...tls, asksClients },
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

/** Asks with a certificate of one's own, or without. */
function ask(
  port: number,
  { remember, ...own }: ConnectionOptions & { remember?: (session: Buffer) => void } = {},
  headers: Record<string, string> = {},
): Promise<Seen> {
  return new Promise((resolve, reject) => {
    const request = get({ ...own, port, host: '127.0.0.1', servername: 'localhost', ca: authority.pem, agent: false, headers })
    request.on('error', reject)
    request.on('socket', (socket) => void socket.on('session', (session: Buffer) => remember?.(session)))
    request.on('response', async (response) => {
      let text = ''
      for await (const chunk of response) text += chunk
      resolve(JSON.parse(text))
    })
  })
}

describe('a server with a certificate', () => {
  it('encrypts, and lets people in without one', async () => {
    expect(await ask(await serve())).toEqual({ secure: true })
  })

  it('reads the one that somebody shows, whoever issued it, with its issuers', async () => {
    const root = await createAuthority(validNow)
    const between = await createAuthority({ ...validNow, issuer: root, subject: [{ CN: ['Between'] }] })
    const own = await createCertificate({ ...validNow, issuer: between })
    const port = await serve()

    expect(await ask(port, { cert: own.pem, key: own.keyPem })).toEqual({ secure: true, clientCertificate: own.pem })
    expect(await ask(port, { cert: own.pem + between.pem, key: own.keyPem })).toEqual({
      secure: true,
      clientCertificate: own.pem + between.pem,
    })
    expect(await ask(port, { cert: own.pem + between.pem + root.pem, key: own.keyPem })).toEqual({
      secure: true,
      clientCertificate: own.pem + between.pem + root.pem,
    })
  })

  it('asks nobody for one unless it is told to', async () => {
    const own = await createCertificate(validNow)
    const port = await serve({ asksClients: false })

    expect(await ask(port, { cert: own.pem, key: own.keyPem })).toEqual({ secure: true })
  })

  it('does not take a proxy for the person', async () => {
    const own = await createCertificate(validNow)
    const port = await serve({ trusted: ['127.0.0.1'] })

    expect(await ask(port, { cert: own.pem, key: own.keyPem })).toEqual({ secure: true })
  })

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('reads all of it also when a client comes back (%s)', async (version) => {
    const between = await createAuthority({ ...validNow, subject: [{ CN: ['Between'] }] })
    const own = await createCertificate({ ...validNow, issuer: between })
    const cert = own.pem + between.pem
    const port = await serve()
    let session: Buffer | undefined
    const options = { cert, key: own.keyPem, minVersion: version, maxVersion: version }

    await ask(port, { ...options, remember: (given) => (session = given) })
    const again = await ask(port, { ...options, ...(session && { session }) })

    expect(again).toEqual({ secure: true, clientCertificate: cert })
  })

  it('speaks no old versions', async () => {
    const options = { port: await serve(), host: '127.0.0.1', servername: 'localhost', ca: authority.pem }

    const refused = new Promise((_, reject) => {
      connect({ ...options, minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }).on('error', reject)
    })

    await expect(refused).rejects.toThrow(/protocol version/)
  })
})

describe('headers of a trusted proxy', () => {
  const headers = { 'ssl-client-cert': 'text' }

  it('count when the operator names them, and the proxy sent them', async () => {
    expect(await ask(await serve({ trusted: ['127.0.0.1'], headers: ['ssl-client-cert'] }), undefined, headers)).toMatchObject({
      header: 'text',
    })
    expect(await ask(await serve({ trusted: ['127.0.0.1'], headers: ['x-other'] }), undefined, headers)).not.toHaveProperty(
      'header',
    )
    expect(await ask(await serve({ headers: ['ssl-client-cert'] }), undefined, headers)).not.toHaveProperty('header')
  })
})
