import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { get } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAuthority, createCertificate } from '../support/certificates.ts'
import { seedFlow, signInStages } from '../support/seed.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'

const folder = mkdtempSync(join(tmpdir(), 'stagedoor-tls-'))
const validNow = { notBefore: new Date(Date.now() - 86_400_000), notAfter: new Date(Date.now() + 86_400_000) }

let app: TestApp
let ca: string

beforeAll(async () => {
  const authority = await createAuthority(validNow)
  const names = [{ type: 'dns' as const, value: 'localhost' }]
  const { pem, keyPem } = await createCertificate({ ...validNow, issuer: authority, subject: [{ CN: ['localhost'] }], names })
  ca = authority.pem
  writeFileSync(join(folder, 'tls.crt'), pem)
  writeFileSync(join(folder, 'tls.key'), keyPem)
  app = await startTestApp({ env: { TLS_CERT_FILE: join(folder, 'tls.crt'), TLS_KEY_FILE: join(folder, 'tls.key') } })
  await seedFlow(app.database, { slug: 'sign-in', stages: signInStages })
})
afterAll(async () => {
  await app.close()
  rmSync(folder, { recursive: true })
})

function read(path: string): Promise<{ status: number | undefined; headers: IncomingHttpHeaders }> {
  const { port } = new URL(app.url)
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path, ca, servername: 'localhost', agent: false })
    request.on('error', reject)
    request.on('response', (response) => {
      response.resume()
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers }))
    })
  })
}

describe('a server that encrypts itself', () => {
  it('answers over TLS, with cookies that never travel otherwise', async () => {
    const { status, headers } = await read('/api/v3/flows/executor/sign-in/')

    expect(status).toBe(200)
    expect(headers['set-cookie']?.length).toBeGreaterThan(0)
    for (const cookie of headers['set-cookie'] ?? []) expect(cookie).toMatch(/; Secure/)
  })

  it('answers nobody who does not', async () => {
    await expect(fetch(app.url)).rejects.toThrow()
  })
})
