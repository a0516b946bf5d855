import { X509Certificate } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  type CertificateOptions,
  createAuthority,
  createCertificate,
  type TestCertificate,
} from '../../../test/support/certificates.ts'
import { type ContextOptions, configProblems, stageContext } from '../../../test/support/stage-context.ts'
import { someUser } from '../../../test/support/stage-services.ts'
import type { Verdict } from '../../flow/stage.ts'
import { mtlsStage } from './mtls.stage.ts'

const authorityId = '9f0d7c3e-5b4d-4d53-8a52-0c8a7a6f5e01'
const ada = someUser({ id: 7, username: 'ada', email: 'ada@example.test' })
const email = (value: string) => [{ type: 'email' as const, value }]

let root: TestCertificate
let own: TestCertificate

beforeAll(async () => {
  root = await createAuthority()
  own = await createCertificate({ issuer: root, subject: [{ O: ['Acme'] }, { CN: ['ada'] }], names: email(ada.email) })
})

/** What becomes of somebody who shows this. */
async function present({
  config,
  pem = root.pem,
  shows,
  users = [ada],
  ...options
}: Showing = {}): Promise<Verdict<never, unknown>> {
  const context = stageContext(mtlsStage, {
    config: { certificateAuthorities: [authorityId], ...config },
    objects: { [authorityId]: { kind: 'certificate', certificateData: pem } },
    users,
    ...(shows && { visitor: { clientCertificate: shows } }),
    ...options,
  })
  return mtlsStage.present(context as never) as Promise<Verdict<never, unknown>>
}

interface Showing extends ContextOptions {
  /** The authorities, in PEM. */
  readonly pem?: string
  /** In PEM: the person's certificate, and others behind it. */
  readonly shows?: string
}

const passed = { type: 'advance', changes: { pendingUser: ada } }
const notGiven = { type: 'deny', message: 'Certificate required but no certificate was given.' }
const nobody = { type: 'deny', message: 'No user found for certificate.' }

describe('the configuration', () => {
  it('requires a certificate, and compares addresses, unless told otherwise', () => {
    expect(mtlsStage.config.parse({})).toEqual({
      mode: 'required',
      certificateAuthorities: [],
      certAttribute: 'email',
      userAttribute: 'email',
    })
    expect(mtlsStage.references?.({ certificateAuthorities: [authorityId] } as never)).toEqual([authorityId])
  })

  it('takes certificates that can be read', () => {
    const [object] = mtlsStage.objects ?? []
    if (!object) throw new Error('The stage declares no certificates.')

    expect(configProblems(object, { certificateData: root.pem })).toEqual([])
    expect(configProblems(object, { certificateData: `${root.pem}\n${own.pem}`, keyData: root.keyPem })).toEqual([])
    expect(configProblems(object, {})).toEqual(['certificateData'])
    expect(configProblems(object, { certificateData: 'text' })).toEqual(['certificateData'])
    expect(configProblems(object, { certificateData: own.pem.replace(/[A-Z]{4}/, 'AAAA').slice(0, 200) })).toEqual([
      'certificateData',
    ])
    const broken = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----'
    expect(configProblems(object, { certificateData: `${root.pem}${broken}` })).toEqual(['certificateData'])
  })
})

describe('a person with a certificate', () => {
  it('is who the authority says, and the context tells of the certificate', async () => {
    const certificate = new X509Certificate(own.pem)
    const facts = {
      serial_number: BigInt(`0x${certificate.serialNumber}`).toString(),
      subject: 'CN=ada,O=Acme',
      issuer: 'CN=Acme Root,O=Acme',
      fingerprint_sha256: certificate.fingerprint256.toLowerCase(),
      fingerprint_sha1: certificate.fingerprint.toLowerCase(),
    }

    expect(await present({ shows: own.pem, context: { auth_method_args: { known: true } } })).toEqual({
      type: 'advance',
      changes: {
        pendingUser: ada,
        context: {
          pending_user: { known: true, id: 7 },
          auth_method: 'mtls',
          auth_method_args: { known: true, certificate: facts },
          certificate: facts,
        },
      },
    })
  })

  it.each([
    ['the first address', 'email', 'email', {}],
    ['the common name', 'common_name', 'username', {}],
    ['the whole subject', 'subject', 'username', { username: 'CN=ada,O=Acme' }],
  ])('is found by %s', async (_, certAttribute, userAttribute, about) => {
    const user = { ...ada, ...about }

    expect(await present({ shows: own.pem, config: { certAttribute, userAttribute }, users: [user] })).toMatchObject({
      type: 'advance',
      changes: { pendingUser: user },
    })
  })

  it('is looked up by the configured field only, as it is spelled', async () => {
    const other = someUser({ id: 8, username: ada.email, email: 'other@example.test' })

    expect(await present({ shows: own.pem, users: [other] })).toEqual(nobody)
    expect(await present({ shows: own.pem, users: [{ ...ada, email: 'ADA@example.test' }] })).toEqual(nobody)
  })

  it('goes no further without an account, or with one that is disabled', async () => {
    expect(await present({ shows: own.pem, users: [] })).toEqual(nobody)
    expect(await present({ shows: own.pem, users: [], config: { mode: 'optional' } })).toEqual(nobody)
    expect(await present({ shows: own.pem, users: [{ ...ada, isActive: false }] })).toEqual(nobody)
    expect(await present({ shows: own.pem, users: [], flow: { designation: 'recovery' } })).toEqual(nobody)
  })

  it.each([
    ['no alternative name', {}],
    ['other alternative names', { names: [{ type: 'dns', value: 'a.test' }] }],
    ['an alternative name that spells like two', { names: [{ type: 'url', value: 'urn:a, email:ada@example.test' }] }],
    ['an empty address', { names: [{ type: 'email', value: '' }] }],
    ['the address in the subject', { subject: [{ E: ['ada@example.test'] }] }],
    ['an address with control characters', { names: [{ type: 'email', value: 'ada@example.test\u0000' }] }],
  ] satisfies [string, CertificateOptions][])('is nobody with %s', async (_, options) => {
    const certificate = await createCertificate({ issuer: root, ...options })
    const nameless = { ...ada, id: 9, email: '' }

    expect(await present({ shows: certificate.pem, users: [nameless, ada] })).toEqual(nobody)
  })

  it('has the first of several names, and an address behind other names', async () => {
    const names = [{ type: 'url' as const, value: 'urn:a, b' }, ...email(ada.email), ...email('other@example.test')]
    const certificate = await createCertificate({ issuer: root, names, subject: [{ CN: ['first'] }, { CN: ['second'] }] })
    const first = someUser({ id: 8, username: 'first' })

    expect(await present({ shows: certificate.pem })).toMatchObject(passed)
    const byName = { certAttribute: 'common_name', userAttribute: 'username' }
    expect(await present({ shows: certificate.pem, config: byName, users: [first] })).toMatchObject({ type: 'advance' })
  })

  it('is nobody with a name that no account can have', async () => {
    const certificate = await createCertificate({ issuer: root, subject: [{ CN: ['ada\u0000'] }] })
    const config = { certAttribute: 'common_name', userAttribute: 'username' }

    expect(await present({ shows: certificate.pem, config, users: [{ ...ada, username: 'ada\u0000' }] })).toEqual(nobody)
  })

  it('may have a subject of many parts', async () => {
    const subject = [{ O: ['Acme, Inc.'] }, { CN: ['ada'], '0.9.2342.19200300.100.1.1': ['7+8'] }]
    const certificate = await createCertificate({ issuer: root, subject })
    const user = { ...ada, username: 'CN=ada+UID=7\\+8,O=Acme\\, Inc.' }
    const config = { certAttribute: 'subject', userAttribute: 'username' }

    expect(await present({ shows: certificate.pem, config, users: [user] })).toMatchObject({ type: 'advance' })
  })

  it('stays the person that the flow is about', async () => {
    const other = someUser({ id: 8, username: 'grace' })

    expect(await present({ shows: own.pem, pendingUser: ada })).toMatchObject(passed)
    expect(await present({ shows: own.pem, pendingUser: other, users: [ada, other] })).toEqual(nobody)
    const pretended = { pending_user: { known: false as const, identifier: 'ada' } }
    expect(await present({ shows: own.pem, context: pretended })).toEqual(nobody)
  })

  it('may enrol: the certificate says what nobody need type', async () => {
    const verdict = await present({
      shows: own.pem,
      users: [],
      flow: { designation: 'enrollment' },
      context: { prompt_data: { email: 'typed@example.test', locale: 'en' } },
    })

    expect(verdict).toMatchObject({
      type: 'advance',
      changes: {
        context: {
          prompt_data: { email: 'ada@example.test', name: 'ada', locale: 'en' },
          certificate: { subject: 'CN=ada,O=Acme' },
          auth_method_args: { certificate: { subject: 'CN=ada,O=Acme' } },
        },
      },
    })
    const { changes } = verdict as Extract<typeof verdict, { type: 'advance' }>
    expect(changes.pendingUser).toBeUndefined()
    expect(changes.context).not.toHaveProperty('pending_user')
    expect(changes.context).not.toHaveProperty('auth_method')
  })

  it('enrols with nothing that the certificate does not say', async () => {
    const certificate = await createCertificate({ issuer: root, subject: [{ O: ['Acme'] }], names: email('a,b@example.test') })

    const verdict = await present({ shows: certificate.pem, flow: { designation: 'enrollment' } })

    expect(verdict.type === 'advance' && verdict.changes.context?.prompt_data).toEqual({})
  })
})

describe('without a certificate', () => {
  it('is refused where one is required, and let past where not', async () => {
    expect(await present()).toEqual(notGiven)
    expect(await present({ config: { mode: 'optional' } })).toEqual({ type: 'advance', changes: {} })
    expect(await present({ flow: { designation: 'enrollment' } })).toEqual(notGiven)
  })

  it('is who has one of an authority that nobody trusts', async () => {
    const { pem } = await createCertificate({ issuer: await createAuthority(), names: email(ada.email) })

    expect(await present({ shows: pem })).toEqual(notGiven)
    expect(await present({ shows: pem, config: { mode: 'optional' } })).toEqual({ type: 'advance', changes: {} })
  })

  it('is told apart from a stage that trusts nobody', async () => {
    const config = { certificateAuthorities: [] }

    expect(await present({ shows: own.pem, config })).toEqual({ type: 'deny', message: undefined })
    expect(await present({ shows: own.pem, config: { ...config, mode: 'optional' } })).toEqual({ type: 'advance', changes: {} })
    expect(await present({ shows: own.pem, objects: {} })).toEqual({ type: 'deny', message: undefined })
  })
})
