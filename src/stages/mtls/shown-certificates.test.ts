import { X509Certificate } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { createAuthority, createCertificate, type TestCertificate } from '../../../test/support/certificates.ts'
import { stageContext } from '../../../test/support/stage-context.ts'
import { mtlsStage } from './mtls.stage.ts'
import { shownCertificates } from './shown-certificates.ts'

let authority: TestCertificate
let own: TestCertificate

beforeAll(async () => {
  authority = await createAuthority()
  own = await createCertificate({ issuer: authority, subject: [{ CN: ['ada, "the first"; and only'] }] })
})

const base64 = ({ pem }: TestCertificate) => new X509Certificate(pem).raw.toString('base64')
const escaped = ({ pem }: TestCertificate) => encodeURIComponent(pem)

/** The serial numbers of what a visitor showed. */
function shown(proxyHeaders: Record<string, string>, clientCertificate?: string): readonly string[] {
  const { visitor } = stageContext(mtlsStage, {
    visitor: { proxyHeaders, ...(clientCertificate !== undefined && { clientCertificate }) },
  })
  return shownCertificates(visitor).map(({ serialNumber }) => serialNumber)
}

const serials = (...certificates: TestCertificate[]) => certificates.map(({ pem }) => new X509Certificate(pem).serialNumber)

describe('certificates that proxies hand on', () => {
  it.each([
    ['Envoy', 'x-forwarded-client-cert', () => `By=spiffe://a;Hash=00;Subject="CN=a;b,c";Cert="${escaped(own)}";URI=urn:x`],
    ['Envoy, unquoted', 'x-forwarded-client-cert', () => `cert=${escaped(own)}`],
    ['nginx', 'ssl-client-cert', () => escaped(own)],
    ['Traefik', 'x-forwarded-tls-client-cert', () => base64(own)],
    ['Traefik before version 3', 'x-forwarded-tls-client-cert', () => encodeURIComponent(base64(own))],
  ])('are read as %s writes them', (_, name, value) => {
    expect(shown({ [name]: value() })).toEqual(serials(own))
  })

  it.each([
    ['Envoy', 'x-forwarded-client-cert', () => `Cert="${escaped(own)}";Chain="${encodeURIComponent(authority.pem)}"`],
    ['Envoy, in the chain alone', 'x-forwarded-client-cert', () => `Chain="${encodeURIComponent(own.pem + authority.pem)}"`],
    ['nginx', 'ssl-client-cert', () => encodeURIComponent(own.pem + authority.pem)],
    ['Traefik', 'x-forwarded-tls-client-cert', () => `${base64(own)},${base64(authority)}`],
  ])('bring their issuers along, from %s', (_, name, value) => {
    expect(shown({ [name]: value() })).toEqual(serials(own, authority))
  })

  it('are those that the nearest proxy saw, not what was written before', () => {
    const forged = `Subject="CN=\\"x,";Cert="${escaped(authority)}"`

    expect(shown({ 'x-forwarded-client-cert': `${forged},Hash=00;Cert="${escaped(own)}"` })).toEqual(serials(own))
    expect(shown({ 'x-forwarded-client-cert': `Cert="${escaped(own)}",Hash=00` })).toEqual([])
    expect(shown({ 'x-forwarded-client-cert': `Cert=${escaped(authority)};x=",Hash=00;Cert="${escaped(own)}"` })).toEqual([])
  })

  it('are looked for in one header after the other, then on the connection', () => {
    const everywhere = {
      'x-forwarded-tls-client-cert': base64(authority),
      'ssl-client-cert': escaped(authority),
      'x-forwarded-client-cert': `Cert="${escaped(own)}"`,
    }

    expect(shown(everywhere, authority.pem)).toEqual(serials(own))
    expect(shown({ ...everywhere, 'x-forwarded-client-cert': 'Hash=00', 'ssl-client-cert': escaped(own) })).toEqual(serials(own))
    expect(shown({ 'x-forwarded-tls-client-cert': base64(own) }, authority.pem)).toEqual(serials(own))
    expect(shown({}, own.pem + authority.pem)).toEqual(serials(own, authority))
    expect(shown({})).toEqual([])
  })

  it.each([
    ['nothing', ''],
    ['no certificate', 'hello'],
    ['half an escape', '%E0%A4%A'],
    ['a certificate with a broken one behind it', '-----BEGIN CERTIFICATE-----MIIB-----END CERTIFICATE-----'],
  ])('are none where the header holds %s', (_, value) => {
    for (const name of ['x-forwarded-client-cert', 'ssl-client-cert', 'x-forwarded-tls-client-cert']) {
      expect(shown({ [name]: value })).toEqual([])
      expect(shown({ [name]: `Cert="${value}"` })).toEqual([])
    }
  })

  it('are none where there are too many', () => {
    expect(shown({ 'x-forwarded-tls-client-cert': Array(10).fill(base64(own)).join() })).toHaveLength(10)
    expect(shown({ 'x-forwarded-tls-client-cert': Array(11).fill(base64(own)).join() })).toEqual([])
  })
})
