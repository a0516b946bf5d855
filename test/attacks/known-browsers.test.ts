import { describe, expect, it } from 'vitest'
import { CookieJar } from '../support/cookie-jar.ts'
import { faces } from '../support/journey-clients.ts'
import type { JourneyClient } from '../support/journey-view.ts'
import { describeJourneys, signIn } from '../support/journeys.ts'
import { setUpTotp } from '../support/second-factors.ts'
import type { SeedStage } from '../support/seed.ts'

const cookie = 'authentik_mfa'
const factor: SeedStage = { kind: 'authenticator_validate', config: { deviceClasses: ['totp'], lastAuthThreshold: 'hours=1' } }
const stages: readonly SeedStage[] = [{ kind: 'identification' }, { kind: 'password' }, factor, { kind: 'user_login' }]

describeJourneys('a browser that claims to be known', (ground) => {
  describe.each(faces)('over %s', (_, Client) => {
    /** Somebody who has just proved themselves here, and what their browser keeps of it. */
    async function remembered(slug: string) {
      const person = await ground.person()
      const { codeNow } = await setUpTotp(ground, person)
      const client = new Client(ground.app.url)
      await signIn(client, slug, person)
      await client.answer('authenticator_validate', { code: codeNow() })
      expect(await client.whoAmI()).toBe(person.username)
      return { person, value: client.jar.value(cookie) ?? '' }
    }

    const withCookie = (value: string) => new Client(ground.app.url, new CookieJar([[cookie, value]]))
    const isAsked = async (client: JourneyClient, slug: string, person: Parameters<typeof signIn>[2]) => {
      expect(await signIn(client, slug, person)).toMatchObject({ kind: 'authenticator_validate' })
      expect(await client.whoAmI()).toBeUndefined()
    }

    it('is believed with the cookie that it was given, and asked with that of somebody else or of another stage', async () => {
      const [here, there] = [await ground.flow({ stages }), await ground.flow({ stages })]
      const [ada, mallory] = [await remembered(here.slug), await remembered(here.slug)]
      const trusted = withCookie(ada.value)
      expect(await signIn(trusted, here.slug, ada.person)).toMatchObject({ kind: 'redirect' })
      expect(await trusted.whoAmI()).toBe(ada.person.username)

      await isAsked(withCookie(mallory.value), here.slug, ada.person)
      await isAsked(withCookie(ada.value), there.slug, ada.person)
      const both = withCookie(`${mallory.value}~${ada.value}`)
      expect(await signIn(both, here.slug, ada.person)).toMatchObject({ kind: 'redirect' })
    })

    it('is asked with a cookie that was made up or changed', async () => {
      const { slug } = await ground.flow({ stages })
      const { person, value } = await remembered(slug)
      const claims = Buffer.from(JSON.stringify({ user: person.id, issued: ground.app.clock.now().getTime() })).toString(
        'base64url',
      )
      const header = Buffer.from('{"alg":"none"}').toString('base64url')
      const forged = [
        '',
        '~~~~',
        claims,
        `${header}.${claims}.`,
        `${value.slice(0, -2)}AA`,
        value.slice(0, -1),
        `x${value}`,
        value.toUpperCase(),
        value.split('').reverse().join(''),
        `${'~x'.repeat(10)}~${value}`,
      ]

      for (const one of forged) await isAsked(withCookie(one), slug, person)
    })

    it('is asked once what it was known by is gone, is somebody else’s, or the time is up', async () => {
      const { slug } = await ground.flow({ stages })
      const [gone, moved, late] = [await remembered(slug), await remembered(slug), await remembered(slug)]
      await ground.prisma.authenticator.deleteMany({ where: { userId: gone.person.id } })
      await setUpTotp(ground, gone.person)
      await setUpTotp(ground, moved.person)
      await ground.prisma.authenticator.updateMany({
        where: { id: await oldestOf(moved.person.id) },
        data: { userId: late.person.id },
      })

      await isAsked(withCookie(gone.value), slug, gone.person)
      await isAsked(withCookie(moved.value), slug, moved.person)
      await isAsked(withCookie(moved.value), slug, late.person)
      ground.app.clock.advance(3600)
      await isAsked(withCookie(late.value), slug, late.person)
    })

    it('is asked once less time is allowed than has gone by', async () => {
      const { slug, stageIds } = await ground.flow({ stages })
      const { person, value } = await remembered(slug)
      const config = { ...factor.config, lastAuthThreshold: 'minutes=1' }
      ground.app.clock.advance(120)
      expect(await signIn(withCookie(value), slug, person)).toMatchObject({ kind: 'redirect' })
      await ground.prisma.stage.update({ where: { id: stageIds[2] ?? '' }, data: { config } })

      await isAsked(withCookie(value), slug, person)
    })

    async function oldestOf(userId: number): Promise<string> {
      return (await ground.prisma.authenticator.findFirstOrThrow({ where: { userId }, orderBy: { createdAt: 'asc' } })).id
    }
  })
})
