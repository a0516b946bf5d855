import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { startCaptchaProvider } from '../support/captcha-provider.ts'
import { databaseText } from '../support/database-text.ts'
import { applyText } from '../support/default-flows.ts'
import { GraphQLJourney } from '../support/graphql-journey.ts'
import { faces } from '../support/journey-clients.ts'
import { describeJourneys, type Ground, signIn } from '../support/journeys.ts'
import { startMailServer } from '../support/mail-server.ts'
import { startSmsWebhook } from '../support/sms-webhook.ts'
import { startTestApp } from '../support/test-app.ts'

const secrets = { captcha: 'captcha-secret-5d1c', mail: 'mail-secret-8e2a', sms: 'sms-secret-77f0' }
const credentials = { username: 'mailer', password: secrets.mail }
const [mails, webhook] = [await startMailServer({ credentials }), await startSmsWebhook()]
afterAll(async () => {
  await mails.close()
  webhook.close()
})

const enabled = { designation: 'stage_configuration', authentication: 'require_authenticated' }

/** A sign-in with a captcha, and two flows that set up where codes go: each with a secret that only others should know. */
const blueprint = (name: string, captchaUrl: string, { captcha, mail, sms } = secrets) => `
version: 1
metadata: { name: ${name} }
entries:
  - { model: authentik_flows.flow, id: flow, identifiers: { slug: ${name} }, attrs: { name: In, title: In, designation: authentication } }
  - { model: authentik_flows.flow, id: mail-flow, identifiers: { slug: ${name}-mail }, attrs: { name: Mail, title: Mail, ${spelled(enabled)} } }
  - { model: authentik_flows.flow, id: sms-flow, identifiers: { slug: ${name}-sms }, attrs: { name: SMS, title: SMS, ${spelled(enabled)} } }
  - { model: authentik_stages_captcha.captchastage, id: captcha, identifiers: { name: ${name}-captcha }, attrs: { public_key: a site key, private_key: ${captcha}, api_url: "${captchaUrl}" } }
  - { model: authentik_stages_identification.identificationstage, id: who, identifiers: { name: ${name}-who }, attrs: { user_fields: [username] } }
  - { model: authentik_stages_password.passwordstage, id: password, identifiers: { name: ${name}-password }, attrs: { backends: [authentik.core.auth.InbuiltBackend] } }
  - { model: authentik_stages_user_login.userloginstage, id: login, identifiers: { name: ${name}-login } }
  - { model: authentik_stages_authenticator_email.authenticatoremailstage, id: mail, identifiers: { name: ${name}-mail }, attrs: { host: 127.0.0.1, port: ${mails.port}, username: mailer, password: ${mail}, from_address: login@example.test } }
  - { model: authentik_stages_authenticator_sms.authenticatorsmsstage, id: sms, identifiers: { name: ${name}-sms }, attrs: { provider: generic, account_sid: "${webhook.url}", from_number: "+15550199", auth: ${sms}, auth_type: bearer } }
  - { model: authentik_flows.flowstagebinding, identifiers: { target: !KeyOf flow, stage: !KeyOf captcha, order: 0 } }
  - { model: authentik_flows.flowstagebinding, identifiers: { target: !KeyOf flow, stage: !KeyOf who, order: 10 } }
  - { model: authentik_flows.flowstagebinding, identifiers: { target: !KeyOf flow, stage: !KeyOf password, order: 20 } }
  - { model: authentik_flows.flowstagebinding, identifiers: { target: !KeyOf flow, stage: !KeyOf login, order: 30 } }
  - { model: authentik_flows.flowstagebinding, identifiers: { target: !KeyOf mail-flow, stage: !KeyOf mail, order: 0 } }
  - { model: authentik_flows.flowstagebinding, identifiers: { target: !KeyOf sms-flow, stage: !KeyOf sms, order: 0 } }
`

function spelled(attrs: Readonly<Record<string, string>>): string {
  return Object.entries(attrs)
    .map(([key, value]) => `${key}: ${value}`)
    .join(', ')
}

describeJourneys('secrets of the configuration', (ground) => {
  let made = 0
  const newName = () => {
    made += 1
    return `sealed${made}`
  }
  const noSecretIn = async ({ app }: Ground, told = secrets) => {
    for (const [table, text] of Object.entries(await databaseText(app.database)))
      for (const secret of Object.values(told)) expect(text.includes(secret), `${secret} in ${table}`).toBe(false)
    for (const secret of Object.values(told)) expect(app.logged.join('\n')).not.toContain(secret)
  }
  const secretsSent = (asked: readonly { readonly body: string }[]) =>
    asked.map(({ body }) => new URLSearchParams(body).get('secret'))

  describe.each(faces)('over %s', (_, Client) => {
    it('are in clear nowhere, and yet do what they are for', async () => {
      const [name, provider, ada] = [newName(), await startCaptchaProvider({ success: true }), await ground.person()]
      await applyText(ground.app, blueprint(name, provider.url))
      const client = new Client(ground.app.url)
      const screens = [await client.start(name)]
      screens.push(await client.answer('captcha', { token: 'solved' }))
      await client.answer('identification', { uidField: ada.username })
      expect(await client.answer('password', { password: ada.password })).toMatchObject({ kind: 'redirect' })
      expect(secretsSent(provider.asked)).toEqual([secrets.captcha])

      screens.push(await client.start(`${name}-mail`))
      expect(screens.at(-1)).toMatchObject({ kind: 'authenticator_email' })
      expect(await mails.next()).toMatchObject({ user: 'mailer', to: [ada.email] })
      screens.push(await client.start(`${name}-sms`))
      const number = `+1777${String(ada.id).padStart(6, '0')}`
      const before = webhook.texts.filter(({ To }) => To === number).length
      screens.push(await client.answer('authenticator_sms', { phoneNumber: number }))
      expect(await webhook.to(number, before + 1)).toMatchObject({ authorization: `Bearer ${secrets.sms}` })

      // A mail that waits carries what it takes to be sent.
      const held = Promise.withResolvers<void>()
      mails.hold = held.promise
      onTestFinished(() => held.resolve())
      const grace = await ground.person()
      const waiting = new Client(ground.app.url)
      await signIn(waiting, (await ground.flow()).slug, grace)
      await waiting.start(`${name}-mail`)
      expect(await ground.prisma.queuedMessage.count()).toBeGreaterThan(0)
      await noSecretIn(ground)
      for (const secret of Object.values(secrets)) expect(JSON.stringify(screens)).not.toContain(secret)
      held.resolve()
      expect(await mails.next()).toMatchObject({ user: 'mailer', to: [grace.email] })
    })
  })

  it('change where they are said anew, and nothing changes where they are said again', async () => {
    const [name, provider] = [newName(), await startCaptchaProvider({ success: true })]
    const text = blueprint(name, provider.url)
    const first = await applyText(ground.app, text)
    expect(new Set(first)).toEqual(new Set(['created']))
    const rows = () => ground.prisma.stage.findMany({ where: { name: { startsWith: name } }, orderBy: { name: 'asc' } })
    const before = await rows()
    expect(before.filter(({ sealed }) => sealed !== null).map(({ kind }) => kind)).toEqual([
      'captcha',
      'authenticator_email',
      'authenticator_sms',
    ])

    expect(new Set(await applyText(ground.app, text))).toEqual(new Set(['unchanged']))
    expect(await rows()).toEqual(before)
    const withoutKey = text.replace(`private_key: ${secrets.captcha}, `, '')
    expect(new Set(await applyText(ground.app, withoutKey))).toEqual(new Set(['unchanged']))

    const changed = { ...secrets, captcha: 'captcha-secret-new' }
    const outcomes = await applyText(ground.app, blueprint(name, provider.url, changed))
    expect(outcomes.flatMap((outcome, index) => (outcome === 'unchanged' ? [] : [[index, outcome]]))).toEqual([[3, 'updated']])
    const client = new GraphQLJourney(ground.app.url)
    await client.start(name)
    await client.answer('captcha', { token: 'solved' })
    expect(secretsSent(provider.asked)).toEqual(['captcha-secret-new'])
    await noSecretIn(ground, changed)
  })

  it('are of no use to a server with another key, which says so and lets nobody pass; with the key from before it does', async () => {
    const [name, provider, ada] = [newName(), await startCaptchaProvider({ success: true }), await ground.person()]
    const text = blueprint(name, provider.url)
    await applyText(ground.app, text)
    const SECRET_KEY = 'another secret key for tests, and for tests only'
    const stranger = await startTestApp({ beside: ground.app, env: { SECRET_KEY } })
    onTestFinished(() => stranger.close())
    const rotated = await startTestApp({
      beside: ground.app,
      env: { SECRET_KEY, SECRET_KEY_PREVIOUS: ground.app.config.secretKeys[0] ?? '' },
    })
    onTestFinished(() => rotated.close())

    // Applied by that server, a blueprint that leaves a secret out would erase it.
    const silent = text.replace(`private_key: ${secrets.captcha}, `, '')
    await expect(applyText(stranger, silent)).rejects.toMatchObject({
      field: 'private_key',
      reason: expect.stringMatching(/sealed with another key/),
    })

    const lost = new GraphQLJourney(stranger.url)
    expect(await lost.start(name)).toMatchObject({ kind: 'flow_error' })
    expect(await lost.answer('captcha', { token: 'solved' })).not.toMatchObject({ kind: 'identification' })
    expect(await lost.whoAmI()).toBeUndefined()
    expect(provider.asked).toEqual([])
    const said = stranger.logged.filter((line) => line.includes('sealed with a key that this server does not have'))
    expect(said.some((line) => line.includes(`${name}-captcha`))).toBe(true)

    const client = new GraphQLJourney(rotated.url)
    await client.start(name)
    expect(await client.answer('captcha', { token: 'solved' })).toMatchObject({ kind: 'identification' })
    await client.answer('identification', { uidField: ada.username })
    expect(await client.answer('password', { password: ada.password })).toMatchObject({ kind: 'redirect' })
    expect(secretsSent(provider.asked)).toEqual([secrets.captcha])
    expect(rotated.logged.join('\n')).not.toContain('sealed with a key')
    expect(new Set(await applyText(rotated, text))).toEqual(new Set(['unchanged']))

    // Said anew, they are sealed with the key that there is.
    const outcomes = await applyText(stranger, text)
    expect(outcomes.filter((outcome) => outcome === 'updated')).toHaveLength(3)
    const found = new GraphQLJourney(stranger.url)
    await found.start(name)
    expect(await found.answer('captcha', { token: 'solved' })).toMatchObject({ kind: 'identification' })
  })
})
