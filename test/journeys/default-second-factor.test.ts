import { Secret, TOTP } from 'otpauth'
import { beforeAll, describe, expect, it } from 'vitest'
import { Browser } from '../support/browser-requests.ts'
import { applyFlows } from '../support/default-flows.ts'
import { GraphQLJourney } from '../support/graphql-journey.ts'
import { faces } from '../support/journey-clients.ts'
import { describeJourneys, signIn } from '../support/journeys.ts'

describeJourneys('our own flows for a second factor', (ground) => {
  beforeAll(() => applyFlows(ground.app))

  const codeNow = (url: unknown) =>
    new TOTP({ secret: Secret.fromBase32(new URL(String(url)).searchParams.get('secret') ?? ''), digits: 6 }).generate({
      timestamp: ground.app.clock.now().getTime(),
    })

  describe.each(faces)('over %s', (_, Client) => {
    it('let people choose what to set up at their first sign-in, and ask for it at the second', async () => {
      const ada = await ground.person()
      const first = new Client(ground.app.url)
      const offered = await signIn(first, 'two-factor-authentication', ada)
      const choices = offered.fields.configurationStages as { pk: string; name: string }[]
      const paper = choices.find(({ name }) => name === 'Recovery codes')
      const shown = await first.answer('authenticator_validate', { selectedStage: paper?.pk })
      const [code] = shown.fields.codes as string[]

      expect(choices.map(({ name }) => name)).toEqual(['Authenticator app', 'Passkey or security key', 'Recovery codes'])
      expect(await first.answer('authenticator_static')).toMatchObject({ kind: 'redirect' })
      const second = new Client(ground.app.url)
      expect(await signIn(second, 'two-factor-authentication', ada)).toMatchObject({
        kind: 'authenticator_validate',
        fields: { configurationStages: [] },
      })
      expect(await second.answer('authenticator_validate', { code })).toMatchObject({ kind: 'redirect' })
      expect(await second.whoAmI()).toBe(ada.username)
    })
  })

  it('set up an app for who is signed in, by the stage that wants setting up', async () => {
    const ada = await ground.person()
    const stage = await ground.prisma.stage.findUniqueOrThrow({ where: { name: 'default-authenticator-totp-setup' } })
    const client = new GraphQLJourney(ground.app.url)

    expect(await client.startConfiguring(stage.id)).toMatchObject({ problem: { code: 'FLOW_NOT_FOUND' } })
    await signIn(client, 'default-authentication-flow', ada)
    const shown = await client.startConfiguring(stage.id)
    expect(shown).toMatchObject({ kind: 'authenticator_totp', title: 'Set up an authenticator app' })
    expect(await client.answer('authenticator_totp', { code: codeNow(shown.fields.configUrl) })).toMatchObject({
      kind: 'redirect',
    })
    expect(await ground.prisma.authenticator.count({ where: { userId: ada.id, kind: 'totp' } })).toBe(1)
  })

  it('are behind an address that leads who is not signed in to the sign-in, and nowhere for other stages', async () => {
    const ada = await ground.person()
    const stage = await ground.prisma.stage.findUniqueOrThrow({ where: { name: 'default-authenticator-static-setup' } })
    const other = await ground.prisma.stage.findUniqueOrThrow({ where: { name: 'default-authentication-login' } })
    const path = `/flows/-/configure/${stage.id}/`
    const stranger = await new Browser(ground.app.url).send('GET', path)
    const client = new GraphQLJourney(ground.app.url)
    await signIn(client, 'default-authentication-flow', ada)
    const known = await client.send('GET', `${path}?next=%2Fsettings`)

    expect(stranger.headers.get('location')).toBe(`/flows/-/default/authentication/?next=${encodeURIComponent(path)}`)
    expect(known.headers.get('location')).toBe('/if/flow/default-authenticator-static-setup/?next=%2Fsettings')
    for (const id of [other.id, 'nonsense']) expect((await client.send('GET', `/flows/-/configure/${id}/`)).status).toBe(404)
  })
})
