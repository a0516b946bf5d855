import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSecretBox } from '../../src/credentials/secret-box.ts'
import { sealAuthenticator } from '../../src/db/authenticators.ts'
import { stages } from '../../src/stages/index.ts'
import { promptTypes } from '../../src/stages/prompt/prompt-object.ts'
import { Browser } from '../support/browser.ts'
import { type ChallengeDocuments, challengeDocuments } from '../support/challenge-documents.ts'
import { type DuoServer, startDuoServer } from '../support/duo-server.ts'
import { type OpenIdProvider, providerClient, startOpenIdProvider } from '../support/openid-provider.ts'
import { type SeedStage, seedFlow } from '../support/seed.ts'
import { type Account, createAccount, startTestApp, type TestApp } from '../support/test-app.ts'

let app: TestApp
let provider: OpenIdProvider
let duo: DuoServer
let documents: ChallengeDocuments
let equipped: Account
let equippedDuo: string
const named = { uid_field: 'ada' }
const equippedName = { uid_field: 'grace' }
const sms = { provider: 'twilio', fromNumber: '+15550199', accountSid: 'AC1', auth: 'not a real token' }
const remoteCaptcha = { provider: 'remote', publicKey: 'site', privateKey: 'secret' }

/** A flow, what is answered until the challenge comes, and what must be in it. */
interface Case {
  readonly stages: readonly SeedStage[]
  readonly answers?: readonly object[]
  readonly expected: object
}

beforeAll(async () => {
  duo = await startDuoServer()
  app = await startTestApp({ env: duo.env })
  duo.now = () => app.clock.now()
  documents = await challengeDocuments(app.url)
  provider = await startOpenIdProvider([`${app.url}/source/oauth/callback/corp/`])
  await createAccount(app.database, 'ada')
  equipped = await createAccount(app.database, 'grace')
  for (const [kind, data] of Object.entries(authenticators)) {
    const id = await equip(equipped, kind, data)
    if (kind === 'duo') equippedDuo = id
  }
})
afterAll(async () => {
  await app.close()
  await provider.close()
  await duo.close()
})

const authenticators: Readonly<Record<string, object>> = {
  totp: {},
  static: {},
  sms: { phoneNumber: '+15550100' },
  email: { email: 'grace@example.test' },
  duo: { duoUserId: 'DUGRACE' },
  webauthn: {
    credentialId: 'Y3JlZA',
    publicKey: 'a2V5',
    signCount: 0,
    transports: ['internal'],
    aaguid: '00000000-0000-0000-0000-000000000000',
    rpId: 'localhost',
    userHandle: 'aGFuZGxl',
    deviceType: 'singleDevice',
    backedUp: false,
  },
}

async function equip({ id: userId }: Account, kind: string, data: object): Promise<string> {
  const id = crypto.randomUUID()
  const sealed = sealAuthenticator(id, data as never, createSecretBox(app.config.secretKeys))
  // One that was used and others that were not.
  const lastUsedAt = kind === 'totp' ? app.clock.now() : null
  await app.database.prisma.authenticator.create({ data: { id, userId, kind, sealed, lastUsedAt } })
  return id
}

/** A stage that another one names. */
async function stageNamed(kind: string, config: object = {}): Promise<string> {
  const { id } = await app.database.prisma.stage.create({ data: { name: `named ${crypto.randomUUID()}`, kind, config } })
  return id
}

async function objectNamed(kind: string, name: string, config: object): Promise<string> {
  const { id } = await app.database.prisma.stageObject.create({ data: { kind, name, config } })
  return id
}

async function source(slug: string, config: object = {}): Promise<string> {
  const { id: consumerKey, secret: consumerSecret } = providerClient
  const own = { slug, consumerKey, consumerSecret, oidcWellKnownUrl: provider.wellKnownUrl, ...config }
  return objectNamed('oauth_source', `Source ${slug}`, own)
}

/** A form with a field of every type; choices are offered where there are some to choose from. */
async function everyPrompt(): Promise<readonly string[]> {
  const fields = promptTypes.map((type, order) => {
    const choices = ['radio-button-group', 'dropdown'].includes(type) ? { placeholder: 'red' } : {}
    return objectNamed('prompt', `A ${type}`, { fieldKey: `field_${order}`, label: `The ${type}`, type, order, ...choices })
  })
  return Promise.all(fields)
}

const cases: Readonly<Record<string, () => Promise<Case> | Case>> = {
  'TOTP enrolment': () => ({
    stages: [{ kind: 'identification' }, { kind: 'authenticator_totp' }],
    answers: [named],
    expected: { component: 'ak-stage-authenticator-totp', config_url: expect.stringContaining('otpauth://') },
  }),
  'recovery codes': () => ({
    stages: [{ kind: 'identification' }, { kind: 'authenticator_static' }],
    answers: [named],
    expected: { component: 'ak-stage-authenticator-static', codes: expect.anything() },
  }),
  'e-mail enrolment, which knows the address': () => ({
    stages: [{ kind: 'identification' }, { kind: 'authenticator_email' }],
    answers: [named],
    expected: { component: 'ak-stage-authenticator-email', email: expect.any(String), email_required: false },
  }),
  'e-mail enrolment, refused': () => ({
    stages: [{ kind: 'identification' }, { kind: 'authenticator_email' }],
    answers: [named, { email: 'nowhere' }],
    expected: { response_errors: { email: [expect.anything()] } },
  }),
  'Duo enrolment': () => ({
    stages: [{ kind: 'identification' }, { kind: 'authenticator_duo', config: duo.stageConfig }],
    answers: [named],
    expected: {
      component: 'ak-stage-authenticator-duo',
      pending_user: 'ada',
      activation_barcode: expect.stringMatching(/^https:/),
      activation_code: expect.stringMatching(/^duo:/),
      stage_uuid: expect.any(String),
    },
  }),
  'Duo enrolment, refused': () => ({
    stages: [{ kind: 'identification' }, { kind: 'authenticator_duo', config: duo.stageConfig }],
    answers: [equippedName, {}],
    expected: { response_errors: { non_field_errors: [{ string: 'Invalid enrollment status: waiting.', code: 'invalid' }] } },
  }),
  'Duo enrolment, where Duo knows the name': () => ({
    stages: [{ kind: 'identification' }, { kind: 'authenticator_duo', config: duo.stageConfig }],
    answers: [named],
    expected: { activation_barcode: '', activation_code: '', problem: expect.any(String) },
  }),
  'SMS enrolment': () => ({
    stages: [{ kind: 'identification' }, { kind: 'authenticator_sms', config: sms }],
    answers: [named],
    expected: { component: 'ak-stage-authenticator-sms', phone_number_required: true },
  }),
  'WebAuthn enrolment': () => ({
    stages: [{ kind: 'identification' }, { kind: 'authenticator_webauthn', config: { hints: ['client-device'] } }],
    answers: [equippedName],
    expected: {
      component: 'ak-stage-authenticator-webauthn',
      registration: expect.objectContaining({ excludeCredentials: [expect.objectContaining({ id: 'Y3JlZA' })] }),
    },
  }),
  'WebAuthn enrolment, refused': () => ({
    stages: [{ kind: 'identification' }, { kind: 'authenticator_webauthn' }],
    answers: [named, { response: { id: 'x' } }],
    expected: { response_errors: { response: [expect.anything()] } },
  }),
  'a second factor, with something of every class': () => ({
    stages: [{ kind: 'identification' }, { kind: 'authenticator_validate' }],
    answers: [equippedName],
    expected: {
      component: 'ak-stage-authenticator-validate',
      device_challenges: expect.toSatisfy((all: { device_class: string }[]) => {
        return (
          all
            .map((one) => one.device_class)
            .toSorted()
            .join() === Object.keys(authenticators).toSorted().join()
        )
      }),
    },
  }),
  'a second factor, refused': () => ({
    stages: [{ kind: 'identification' }, { kind: 'authenticator_validate', config: { deviceClasses: ['totp'] } }],
    answers: [equippedName, { code: '' }],
    expected: { response_errors: { non_field_errors: [expect.anything()] } },
  }),
  'a second factor by Duo, where the stage that set it up is gone': () => ({
    stages: [{ kind: 'identification' }, { kind: 'authenticator_validate', config: { deviceClasses: ['duo'] } }],
    answers: [equippedName, { duo: equippedDuo }],
    expected: {
      device_challenges: [{ device_class: 'duo', device_uid: equippedDuo, challenge: {}, last_used: null }],
      response_errors: { duo: [{ string: expect.stringContaining('Duo cannot be asked.'), code: 'unavailable' }] },
    },
  }),
  'a second factor that is to be set up': async () => ({
    stages: [
      { kind: 'identification' },
      {
        kind: 'authenticator_validate',
        config: {
          notConfiguredAction: 'configure',
          configurationStages: [await stageNamed('authenticator_totp'), await stageNamed('authenticator_sms', sms)],
        },
      },
    ],
    answers: [named],
    expected: { configuration_stages: [{ verbose_name: expect.anything() }, { meta_model_name: expect.anything() }] },
  }),
  'a passkey alone': () => ({
    stages: [{ kind: 'authenticator_validate' }],
    expected: { device_challenges: [{ device_class: 'webauthn', device_uid: '-1' }] },
  }),
  'a captcha of a provider': () => ({
    stages: [{ kind: 'captcha', config: remoteCaptcha }],
    expected: { component: 'ak-stage-captcha', site_key: 'site' },
  }),
  'a captcha of our own': () => ({
    stages: [{ kind: 'captcha', config: { provider: 'altcha', maxNumber: 4 } }],
    expected: { component: 'ak-stage-captcha' },
  }),
  'a captcha, refused': () => ({
    stages: [{ kind: 'captcha', config: { provider: 'altcha', maxNumber: 4 } }],
    answers: [{ token: 'x' }],
    expected: { response_errors: { token: [expect.anything()] } },
  }),
  consent: () => ({
    stages: [{ kind: 'consent', config: { mode: 'always_require' } }],
    expected: { component: 'ak-stage-consent', permissions: [], token: expect.any(String) },
  }),
  'consent, refused': () => ({
    stages: [{ kind: 'consent', config: { mode: 'always_require' } }],
    answers: [{ token: 'another' }],
    expected: { response_errors: { token: [expect.anything()] } },
  }),
  'a mailed link': () => ({
    stages: [{ kind: 'identification' }, { kind: 'email' }],
    answers: [named],
    expected: { component: 'ak-stage-email' },
  }),
  'a mailed link, asked for again': () => ({
    stages: [{ kind: 'identification' }, { kind: 'email' }],
    answers: [named, {}],
    expected: { response_errors: { non_field_errors: [{ string: 'email-sent', code: 'email-sent' }] } },
  }),
  'a form with fields of every type': async () => ({
    stages: [{ kind: 'prompt', config: { fields: await everyPrompt() } }],
    expected: { component: 'ak-stage-prompt', fields: expect.toSatisfy((all: unknown[]) => all.length === promptTypes.length) },
  }),
  'a form, refused': async () => {
    const field = await objectNamed('prompt', 'A name', { fieldKey: 'user name', label: 'Name', type: 'username' })
    return {
      stages: [{ kind: 'prompt', config: { fields: [field] } }],
      answers: [{ 'user name': '' }],
      expected: { response_errors: { 'user name': [expect.anything()] } },
    }
  },
  'the way to a source': async () => ({
    stages: [{ kind: 'source', config: { source: await source('corp') } }],
    expected: { component: 'xak-flow-redirect', to: expect.stringContaining(provider.issuer) },
  }),
  'identification with sources': async () => {
    const sources = [await source('plain'), await source('pictured', { icon: '/icons/corp.svg', promoted: true })]
    return {
      stages: [{ kind: 'identification', config: { userFields: [], sources, showSourceLabels: true } }],
      expected: { sources: [{ icon_url: '/icons/corp.svg' }, { icon_url: null }], show_source_labels: true },
    }
  },
  'identification with the captcha of a provider': async () => ({
    stages: [
      { kind: 'identification', config: { userFields: ['username'], captchaStage: await stageNamed('captcha', remoteCaptcha) } },
    ],
    expected: { captcha_stage: { site_key: 'site' } },
  }),
  'identification with a captcha of our own, refused': async () => {
    const captchaStage = await stageNamed('captcha', { provider: 'altcha', maxNumber: 4 })
    return {
      stages: [{ kind: 'identification', config: { userFields: ['username'], captchaStage } }],
      answers: [named],
      expected: { captcha_stage: expect.anything(), response_errors: { non_field_errors: [expect.anything()] } },
    }
  },
  'identification with passkeys': async () => ({
    stages: [
      { kind: 'identification', config: { userFields: ['email'], webauthnStage: await stageNamed('authenticator_validate') } },
    ],
    expected: { passkey_challenge: { challenge: expect.any(String) } },
  }),
}

let made = 0

/** The challenge that comes after these answers, over authentik's wire. */
async function challengeOf({ stages: seeded, answers = [] }: Case): Promise<Record<string, unknown>> {
  made += 1
  const slug = `case-${made}`
  await seedFlow(app.database, { slug, stages: seeded })
  const browser = new Browser(app.url)
  const path = `/api/v3/flows/executor/${slug}/?query=`
  let shown = await browser.fetch(path)
  for (const answer of answers) {
    const body = JSON.stringify(answer)
    shown = await browser.fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  }
  expect(shown.status).toBe(200)
  return (await shown.json()) as Record<string, unknown>
}

describe('the challenge of a stage is what authentik describes, and what our own document does', () => {
  it.each(Object.keys(cases))('%s', async (name) => {
    const made = await cases[name]?.()
    if (!made) throw new Error('There is no such case.')
    const challenge = await challengeOf(made)

    expect(challenge).toMatchObject(made.expected)
    documents.expectDescribed(challenge)
  })

  it('and every kind that shows something is among them', async () => {
    const seeded = (await app.database.prisma.stage.findMany()).map(({ kind }) => kind)
    const elsewhere = ['dummy', 'password', 'redirect', 'user_login']
    const shown = stages.filter(({ component }) => component).map(({ kind }) => kind)

    expect([...new Set([...seeded, ...elsewhere])]).toEqual(expect.arrayContaining(shown))
  })
})
