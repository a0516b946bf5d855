import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCertificate, type TestCertificate } from '../test/support/certificates.ts'
import { ConfigError, parseConfig } from './config.ts'

const folder = mkdtempSync(join(tmpdir(), 'stagedoor-tls-'))
const [cert, key, otherKey] = ['tls.crt', 'tls.key', 'other.key'].map((name) => join(folder, name)) as [string, string, string]

let own: TestCertificate

beforeAll(async () => {
  own = await createCertificate()
  writeFileSync(cert, own.pem)
  writeFileSync(key, own.keyPem)
  writeFileSync(otherKey, (await createCertificate()).keyPem)
})
afterAll(() => rmSync(folder, { recursive: true }))

const parse = (env: Record<string, string>) => parseConfig({ SECRET_KEY: 'a secret key for tests, and for tests only', ...env })

function problem(env: Record<string, string>): string {
  try {
    parse(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return ''
}

describe('the certificate of the server itself', () => {
  it('is read with its key, and makes the address an encrypted one', () => {
    const config = parse({ TLS_CERT_FILE: cert, TLS_KEY_FILE: key })

    expect(config.tls).toEqual({ cert: own.pem, key: own.keyPem, asksClients: false })
    expect(parse({ TLS_CERT_FILE: cert, TLS_KEY_FILE: key, TLS_CLIENT_CERTIFICATES: 'true' }).tls?.asksClients).toBe(true)
    expect(config.publicUrl).toBe('https://localhost:9000/')
    expect(parse({ TLS_CERT_FILE: cert, TLS_KEY_FILE: key, PUBLIC_URL: 'http://a.test' }).publicUrl).toBe('http://a.test/')
  })

  it.each([
    ['a certificate without a key', { TLS_CERT_FILE: cert }, /^TLS_KEY_FILE: .*set both or none$/],
    ['a key without a certificate', { TLS_KEY_FILE: key }, /^TLS_CERT_FILE: .*set both or none$/],
    [
      'a file that is not there',
      { TLS_CERT_FILE: `${cert}x`, TLS_KEY_FILE: key },
      /^TLS_CERT_FILE: .*cannot be read \(ENOENT\)$/,
    ],
    ['a folder', { TLS_CERT_FILE: cert, TLS_KEY_FILE: folder }, /^TLS_KEY_FILE: .*cannot be read \(EISDIR\)$/],
    ['something else', { TLS_CERT_FILE: key, TLS_KEY_FILE: key }, /^TLS_CERT_FILE: is not a certificate/],
    ['a certificate for a key', { TLS_CERT_FILE: cert, TLS_KEY_FILE: cert }, /^TLS_KEY_FILE: is not the key/],
    ['the key of another', { TLS_CERT_FILE: cert, TLS_KEY_FILE: otherKey }, /^TLS_KEY_FILE: is not the key/],
  ])('is refused where it is %s', (_, env, line) => {
    expect(problem(env)).toMatch(line)
  })
})

describe("the authority of Duo's servers", () => {
  const file = join(folder, 'duo-ca.pem')
  const read = (text: string) => {
    writeFileSync(file, text)
    return parse({ DUO_CA_FILE: file }).duoAuthority
  }
  const unreadable = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'

  it('is whomever Node.js trusts, unless a file says otherwise', () => {
    expect(parse({}).duoAuthority).toBeUndefined()
    expect(parse({ DUO_CA_FILE: '' }).duoAuthority).toBeUndefined()
    expect(read(own.pem)).toBe(own.pem)
  })

  it('may be several, with words between them', () => {
    expect(read(`# ours\n${own.pem}\n# theirs\r\n${own.pem}`)).toContain('# theirs')
  })

  it.each([
    ['holds nothing', () => ''],
    ['holds words', () => 'not a certificate'],
    ['holds a key', () => own.keyPem],
    ['holds what is no certificate', () => unreadable],
    ['holds one that is no certificate, behind one that is', () => own.pem + unreadable],
    ['is cut off', () => own.pem.slice(0, 200)],
    ['is cut off in its second certificate', () => own.pem + own.pem.slice(0, 200)],
  ])('is refused at the start where the file %s', (_, text) => {
    writeFileSync(file, text())

    expect(problem({ DUO_CA_FILE: file })).toMatch(/^DUO_CA_FILE: holds (?:no certificate|something that is no certificate)/)
  })

  it.each([
    ['is not there', `${file}x`, 'ENOENT'],
    ['is a folder', folder, 'EISDIR'],
  ])('is refused at the start where the file %s', (_, path, code) => {
    expect(problem({ DUO_CA_FILE: path })).toBe(`DUO_CA_FILE: ${path} cannot be read (${code})`)
  })
})
