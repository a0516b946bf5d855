import { describe, expect, it } from 'vitest'
import { Browser } from '../support/browser.ts'
import { describeJourneys } from '../support/journeys.ts'
import { endOf, nextStep, type StepStream, socketClient, streamWays, watch } from '../support/streams.ts'
import { WaitingBrowser } from '../support/waiting-journey.ts'

/** The same session in the browser of somebody who had planted it, before anything was proved. */
async function alsoHeldBy(browser: Browser): Promise<WaitingBrowser> {
  const attacker = new WaitingBrowser(browser.url)
  for (const cookie of await browser.jar.getCookies(browser.url)) await attacker.jar.setCookie(cookie, browser.url)
  return attacker
}

describeJourneys('a session that somebody else has planted', (ground) => {
  it('is worth nothing to them once a password was proved in it, though the flow has not ended', async () => {
    const ada = await ground.person()
    const { slug } = await ground.flow({
      stages: [{ kind: 'identification' }, { kind: 'password' }, { kind: 'dummy' }, { kind: 'user_login' }],
    })
    const victim = new WaitingBrowser(ground.app.url)
    const asked = await victim.reply(await victim.begin(slug), { identification: { uidField: ada.username } })
    const attacker = await alsoHeldBy(victim)
    expect(await attacker.read(asked)).toEqual(asked)

    const proven = await victim.reply(asked, { password: { password: ada.password } })

    const read = 'query ($id: ID!) { flowExecution(id: $id) { id } }'
    expect(await attacker.graphql(read, { id: asked.id })).toMatchObject({
      errors: [{ extensions: { code: 'EXECUTION_NOT_FOUND' } }],
    })
    expect(await attacker.reply(proven, { dummy: {} })).toMatchObject({ __typename: 'ExecutionNotFoundError' })
    await victim.reply(proven, { dummy: {} })
    expect(await victim.viewer()).toBe(ada.username)
    expect(await attacker.viewer()).toBeUndefined()
  })

  it('is worth nothing over REST either', async () => {
    const ada = await ground.person()
    const { slug } = await ground.flow({
      stages: [{ kind: 'identification' }, { kind: 'password' }, { kind: 'dummy' }, { kind: 'user_login' }],
    })
    const path = `/api/v3/flows/executor/${slug}/`
    const victim = new Browser(ground.app.url)
    await victim.fetch(path)
    await victim.post(path, { uid_field: ada.username })
    const attacker = await alsoHeldBy(victim)

    await victim.post(path, { password: ada.password })

    expect(await (await victim.fetch(path)).json()).toMatchObject({ component: 'ak-stage-dummy' })
    expect(await (await attacker.fetch(path)).json()).toMatchObject({ component: 'ak-stage-identification' })
  })

  describe.each(streamWays)('and is watched over $name', ({ listen }) => {
    it('shows nothing of what comes once somebody has proved something', async () => {
      const ada = await ground.person()
      const { slug } = await ground.flow({
        stages: [
          { kind: 'identification' },
          { kind: 'password' },
          { kind: 'user_login' },
          { kind: 'authenticator_totp' },
          { kind: 'dummy' },
        ],
      })
      const victim = new Browser(ground.app.url)
      const asked = await victim.answer(await victim.start(slug), { identification: { uidField: ada.username } })
      const attacker = await alsoHeldBy(victim)
      const client = await socketClient(attacker)
      const stream = await listen(attacker, asked.id)
      expect(await nextStep(stream)).toEqual(asked)

      const proven = await victim.answer(asked, { password: { password: ada.password } })

      expect(proven.challenge.__typename).toBe('AuthenticatorTotpChallenge')
      expect(await endOf(stream)).toBe('SESSION_CHANGED')
      expect(await endOf(await listen(attacker, asked.id, 0))).toBe('EXECUTION_NOT_FOUND')
      const again = client.iterate({ query: watch, variables: { id: asked.id } }) as unknown as StepStream
      expect(await endOf(again)).toBe('EXECUTION_NOT_FOUND')
      // Whoever has the new handle goes on where they were.
      expect(await nextStep(await listen(victim, asked.id, asked.sequence))).toEqual(proven)
      await client.dispose()
    })

    it('tells how the flow ended, if that is all that there is to tell', async () => {
      const ada = await ground.person()
      const { slug } = await ground.flow()
      const victim = new Browser(ground.app.url)
      const asked = await victim.answer(await victim.start(slug), { identification: { uidField: ada.username } })
      const stream = await listen(await alsoHeldBy(victim), asked.id)
      await nextStep(stream)
      const finished = await victim.answer(asked, { password: { password: ada.password } })
      expect(await nextStep(stream)).toEqual(finished)
      expect(await stream.next()).toMatchObject({ done: true })
    })
  })

  it('keeps its handle through steps that prove nothing, and wrong answers', async () => {
    const ada = await ground.person()
    const { slug } = await ground.flow({ stages: [{ kind: 'dummy' }, { kind: 'identification' }, { kind: 'password' }] })
    const browser = new WaitingBrowser(ground.app.url)
    const first = await browser.begin(slug)
    const before = await browser.cookieHeader()
    const second = await browser.reply(first, { dummy: {} })
    const third = await browser.reply(second, { identification: { uidField: ada.username } })
    await browser.reply(third, { password: { password: 'a wrong one' } })

    expect(await browser.cookieHeader()).toBe(before)
  })
})
