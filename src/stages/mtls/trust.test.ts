import { beforeAll, describe, expect, it } from 'vitest'
import {
  type CertificateOptions,
  createAuthority,
  createCertificate,
  type TestCertificate,
} from '../../../test/support/certificates.ts'
import { testNow } from '../../../test/support/stage-context.ts'
import { readPem } from './pem.ts'
import { isTrusted } from './trust.ts'

let root: TestCertificate

beforeAll(async () => {
  root = await createAuthority()
})

/** Whether a PEM text, the person's certificate first, is trusted where these authorities are. */
function trusts(shows: string, authorities = root.pem): boolean {
  const [own, ...others] = readPem(shows)
  if (!own) throw new Error('There is no certificate to judge.')
  return isTrusted(own, others, readPem(authorities), testNow)
}

describe('a certificate', () => {
  it.each([
    ['for anything', undefined],
    ['for servers and clients', ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']],
    ['for any usage', ['2.5.29.37.0']],
  ])('%s is trusted', async (_, usages) => {
    const { pem } = await createCertificate({ issuer: root, ...(usages && { usages }) })

    expect(trusts(pem)).toBe(true)
  })
})

describe('a certificate that proves nothing', () => {
  const issue = (options: CertificateOptions = {}) => createCertificate({ issuer: root, ...options })

  it.each([
    ['of an authority that nobody trusts', async () => issue({ issuer: await createAuthority() })],
    ['that signed itself', () => createCertificate()],
    ['that is past', () => issue({ notAfter: new Date(testNow.getTime() - 1000) })],
    ['that is yet to come', () => issue({ notBefore: new Date(testNow.getTime() + 1000) })],
    ['of an authority', () => issue({ ca: true })],
    ['for servers', () => issue({ usages: ['1.3.6.1.5.5.7.3.1'] })],
  ] satisfies [string, () => Promise<TestCertificate>][])('is one %s', async (_, create) => {
    const { pem } = await create()

    expect(trusts(pem)).toBe(false)
  })

  it('is the authority itself', () => {
    expect(trusts(root.pem)).toBe(false)
  })

  it.each([
    ['may not issue', { ca: false }],
    ['is past', { notAfter: new Date(testNow.getTime() - 1000) }],
    ['vouches for some names only', { constrainedTo: 'example.test' }],
  ] satisfies [string, CertificateOptions][])('is one of an authority that %s', async (_, options) => {
    const authority = await createAuthority(options)
    const issued = await issue({ issuer: authority })

    expect(trusts(issued.pem, authority.pem)).toBe(false)
  })

  it('is one of an authority by another name, whatever its key', async () => {
    const authority = await createAuthority({ subject: [{ CN: ['Other'] }], keys: root.keys })

    expect(trusts((await issue()).pem)).toBe(true)
    expect(trusts((await issue()).pem, authority.pem)).toBe(false)
  })
})

describe('a chain', () => {
  async function chain(length: number, rootOptions: CertificateOptions = {}, options: CertificateOptions = {}) {
    const top = await createAuthority(rootOptions)
    const intermediates = [top]
    for (let at = 1; at <= length; at++)
      intermediates.unshift(
        await createAuthority({ issuer: intermediates[0] ?? top, subject: [{ CN: [`Intermediate ${at}`] }], ...options }),
      )
    const leaf = await createCertificate({ issuer: intermediates[0] ?? top })
    return { top, leaf, shown: [leaf, ...intermediates.slice(0, -1)].map(({ pem }) => pem) }
  }

  it('leads through the authorities that are shown, in whatever order', async () => {
    const { top, shown } = await chain(2)
    const [leaf = '', ...others] = shown

    expect(trusts(shown.join(''), top.pem)).toBe(true)
    expect(trusts([leaf, ...others.reverse()].join(''), top.pem)).toBe(true)
    expect(trusts(leaf, top.pem)).toBe(false)
  })

  it('may begin with an authority that is trusted below the root', async () => {
    const { shown } = await chain(1)

    expect(trusts(shown[0] ?? '', `${root.pem}${shown[1]}`)).toBe(true)
  })

  it.each([
    ['is longer than anybody needs', 5, {}, {}],
    ['is longer than the root allows', 1, { pathLength: 0 }, {}],
    ['holds somebody who may not issue', 1, {}, { ca: false }],
    ['holds somebody who is past', 1, {}, { notAfter: new Date(testNow.getTime() - 1000) }],
  ] satisfies [string, number, CertificateOptions, CertificateOptions][])(
    'proves nothing when it %s',
    async (_, length, rootOptions, options) => {
      const { top, shown } = await chain(length, rootOptions, options)

      expect(trusts(shown.join(''), top.pem)).toBe(false)
    },
  )

  it('may be as long as allowed', async () => {
    for (const [length, options] of [
      [4, {}],
      [1, { pathLength: 1 }],
      [0, { pathLength: 0 }],
    ] as const) {
      const { top, shown } = await chain(length, options)
      expect(trusts(shown.join(''), top.pem)).toBe(true)
    }
  })

  it('is not closed by names alone', async () => {
    const impostor = await createAuthority()
    const leaf = await createCertificate({ issuer: impostor })

    expect(trusts(`${leaf.pem}${root.pem}`)).toBe(false)
  })
})
