import { afterAll, beforeAll, expect, it } from 'vitest'
import { applyFlows } from '../support/default-flows.ts'
import { faces } from '../support/journey-clients.ts'
import { describeJourneys, type Ground } from '../support/journeys.ts'
import { startMailServer } from '../support/mail-server.ts'
import { linkIn } from '../support/mailed-links.ts'
import { appFor } from '../support/second-factors.ts'
import type { SeedStage } from '../support/seed.ts'

const mails = await startMailServer()
afterAll(() => mails.close())

const before: readonly SeedStage[] = [{ kind: 'identification' }, { kind: 'password' }]

describeJourneys(
  'what was secret',
  (ground) => {
    beforeAll(() => applyFlows(ground.app))

    it.each(faces)('stands in no log line, no event, no plan and no row once it was used over %s', async (_, Client) => {
      const [ada, seen] = [await ground.person(), new Sightings(ground)]
      const setup = await ground.flow({
        stages: [
          ...before,
          { kind: 'authenticator_totp' },
          { kind: 'authenticator_email', config: { useGlobalSettings: true } },
          { kind: 'user_login' },
        ],
      })
      const client = new Client(ground.app.url)
      await client.start(setup.slug)
      await client.answer('identification', { uidField: ada.username })
      await client.answer('password', { password: 'a wrong guess at it' })
      const shown = await client.answer('password', { password: ada.password })
      await seen.look()
      const app = appFor(ground, shown.fields.configUrl)
      await client.answer('authenticator_totp', { code: app.codeNow() })
      await seen.look()
      const code = /^\d{6}$/m.exec((await mails.next()).text ?? '')?.[0] ?? 'none'
      expect(await client.answer('authenticator_email', { code })).toMatchObject({ kind: 'redirect' })
      const totp = app.codeNow()
      ground.app.clock.advance(60)

      const asking = new Client(ground.app.url)
      await asking.start('default-recovery-flow')
      await asking.answer('identification', { uidField: ada.email })
      await seen.look()
      const { slug, query } = linkIn(await mails.next())
      const recovering = new Client(ground.app.url)
      const confirmation = await recovering.start(slug, query)
      await seen.look()
      await recovering.answer('consent', { token: confirmation.fields.token })
      await recovering.answer('authenticator_validate', { code: app.codeNow() })
      await seen.look()
      const chosen = 'nineteen quiet harbours'
      await recovering.answer('prompt', { password: chosen, password_repeat: 'nineteen loud harbours' })
      await seen.look()
      await recovering.answer('prompt', { password: chosen, password_repeat: chosen })
      expect(await recovering.whoAmI()).toBe(ada.username)

      const invitation = await ground.prisma.invitation.create({ data: { name: `letter ${setup.slug}`, fixedData: {} } })
      const invited = await ground.flow({ stages: [{ kind: 'invitation' }, { kind: 'dummy' }] })
      await new Client(ground.app.url).start(invited.slug, `itoken=${invitation.id}`)
      await seen.look()

      const secrets = {
        'the old password': ada.password,
        'a wrong password': 'a wrong guess at it',
        'the new password': chosen,
        'the secret of the app': app.secret,
        'the token of the link': new URLSearchParams(query).get('flow_token') ?? '',
        'the consent': String(confirmation.fields.token),
        'the cookie': client.jar.value('authentik_session') ?? client.jar.header(),
        'the code that was mailed': code,
        'the code of the app': totp,
      }
      for (const [what, secret] of Object.entries(secrets)) {
        expect(secret.length, what).toBeGreaterThan(5)
        expect(seen.placesOf(secret), what).toEqual([])
      }
      // An invitation is stored under its token; nothing else may hold it.
      expect(seen.placesOf(invitation.id).filter((place) => place === 'log' || place === 'event')).toEqual([])
    })
  },
  mails.env,
)

const tables = ['event', 'execution', 'flowToken', 'queuedMessage', 'session', 'authenticator', 'flowDefinition', 'user'] as const

/** All that the server has written down, whenever somebody looked. */
class Sightings {
  private readonly ground: Ground
  private readonly texts: { readonly place: string; readonly text: string }[] = []

  constructor(ground: Ground) {
    this.ground = ground
  }

  async look(): Promise<void> {
    for (const table of tables) {
      const rows = await (this.ground.prisma[table] as { findMany(): Promise<unknown[]> }).findMany()
      this.texts.push(...rows.map((row) => ({ place: table, text: JSON.stringify(row) })))
    }
    this.texts.push(...this.ground.app.logged.map((text) => ({ place: 'log', text })))
  }

  placesOf(secret: string): string[] {
    const spellings = [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]
    // Six digits may be part of an id.
    const found = (text: string) =>
      spellings.some((one) =>
        /^\d+$/.test(one) ? new RegExp(`(?<![\\da-z-])${one}(?![\\da-z-])`, 'i').test(text) : text.includes(one),
      )
    return [...new Set(this.texts.filter(({ text }) => found(text)).map(({ place }) => place))]
  }
}
