import { afterAll, beforeAll, expect, it } from 'vitest'
import { type DuoSetting, patiently, withDuo } from '../support/duo-journey.ts'
import { startDuoServer } from '../support/duo-server.ts'
import { describeJourneys, type Ground, signIn } from '../support/journeys.ts'
import { RestJourney } from '../support/rest-journey.ts'
import { startTestApp } from '../support/test-app.ts'

const duo = await startDuoServer()
afterAll(() => duo.close())

/** A client written for authentik, at Duo; `at` is its server. */
async function atDuo(ground: Ground, setting: DuoSetting = {}, at = ground.app.url) {
  const { ada, slug, duo: device } = await withDuo(ground, duo, setting)
  const client = new RestJourney(at)
  const asked = await signIn(client, slug, ada)
  const sequence = async () => (await ground.prisma.execution.findFirstOrThrow({ where: { flowSlug: slug } })).sequence
  return { client, asked, who: ada.username, sequence, answer: () => client.submit('authenticator_validate', { duo: device }) }
}

describeJourneys(
  'a Duo answer of a client written for authentik',
  (ground) => {
    beforeAll(() => {
      duo.now = () => ground.app.clock.now()
    })

    it('is offered as authentik does', async () => {
      const { asked } = await atDuo(ground)

      expect(asked.fields.deviceChallenges).toEqual([
        { deviceClass: 'duo', deviceUid: expect.any(String), challenge: {}, lastUsed: null },
      ])
    })

    it('is held until the push is approved, and leads on', async () => {
      const { client, answer, who } = await atDuo(ground)
      const reply = answer()
      await duo.asked(who)
      duo.approve(who)

      expect(await reply).toMatchObject({ kind: 'moved' })
      expect(await client.read()).toMatchObject({ kind: 'dummy' })
    })

    it('leads to a session by the request that the client is sent on to', async () => {
      const { client, answer, who } = await atDuo(ground, { behind: [{ kind: 'user_login' }] })
      const reply = answer()
      await duo.asked(who)
      duo.approve(who)

      expect(await reply).toMatchObject({ kind: 'moved' })
      expect(await client.whoAmI()).toBeUndefined()
      expect(await client.read()).toMatchObject({ kind: 'redirect', to: '/' })
      expect(await client.whoAmI()).toBe(who)
    })

    it.each([
      ['denied', 'deny', 'Duo denied access', 'denied'],
      ['let pass by', 'timeOut', 'The request was not approved in time.', 'timeout'],
    ] as const)(
      'is refused when the push is %s, and nothing is sent again before it is answered again',
      async (_, does, message, code) => {
        const { client, answer, who } = await atDuo(ground)
        const reply = answer()
        await duo.asked(who)
        duo[does](who)

        expect(await reply).toMatchObject({ kind: 'authenticator_validate', errors: [{ field: 'duo', message, code }] })
        expect(await client.read()).toMatchObject({ kind: 'authenticator_validate', errors: [] })
        expect(duo.pushes(who)).toHaveLength(1)
        ground.app.clock.advance(6)
        const again = answer()
        await duo.asked(who)
        duo.approve(who)
        expect(await again).toMatchObject({ kind: 'moved' })
      },
    )

    it('is refused when nobody has decided for as long as it may be held, and what comes later lets nobody in', async () => {
      const hurried = await startTestApp({ beside: ground.app, env: { ...duo.env, HELD_ANSWER_SECONDS: '1' } })
      const { client, answer, who } = await atDuo(ground, {}, hurried.url)
      const reply = answer()
      await duo.asked(who)

      expect(await reply).toMatchObject({ errors: [{ field: 'duo', code: 'timeout' }] })
      duo.approve(who)
      expect(await client.read()).toMatchObject({ kind: 'authenticator_validate' })
      await hurried.close()
    })

    it('is one push when it is sent twice, and both requests are answered', async () => {
      const { answer, who } = await atDuo(ground)
      const one = answer()
      await duo.asked(who)
      ground.app.clock.advance(6)
      const other = answer()
      duo.approve(who)

      for (const reply of [await one, await other]) expect(['moved', 'dummy']).toContain(reply.kind)
      expect(duo.pushes(who)).toHaveLength(1)
    })

    it('keeps nobody waiting who answers something else meanwhile, and is taken up again by the same answer', async () => {
      const { client, answer, sequence, who } = await atDuo(ground)
      const before = await sequence()
      const held = answer()
      // The wish, a claim, and what came of it.
      await expect.poll(sequence, patiently).toBe(before + 3)
      const wrong = await client.submit('authenticator_validate', { code: '000000' })

      expect(wrong).toMatchObject({ errors: [{ field: 'code' }] })
      expect(await held).toMatchObject({ kind: 'authenticator_validate' })
      const again = answer()
      duo.approve(who)
      expect(await again).toMatchObject({ kind: 'moved' })
      expect(duo.pushes(who)).toHaveLength(1)
    })

    it('lets nobody pass by numbers that name devices at authentik', async () => {
      const { client } = await atDuo(ground)

      for (const device of [3, '3'])
        expect(await client.submit('authenticator_validate', { duo: device })).toMatchObject({
          errors: [{ field: 'duo', message: 'Invalid device' }],
        })
    })

    it('is told at once that there were too many', async () => {
      const { client, answer, who } = await atDuo(ground)
      for (let made = 0; made < 5; made += 1) {
        const reply = answer()
        await duo.asked(who)
        duo.timeOut(who)
        await reply
        ground.app.clock.advance(6)
      }

      expect(await answer()).toMatchObject({ errors: [{ field: 'duo', code: 'throttled' }] })
      expect(duo.pushes(who)).toHaveLength(5)
      expect(await client.whoAmI()).toBeUndefined()
    })
  },
  duo.env,
)
