import { expect, it } from 'vitest'
import { describeJourneys, type Ground } from '../support/journeys.ts'
import { WaitingBrowser, type WaitingStep } from '../support/waiting-journey.ts'

const threeScreens = [{ kind: 'identification' }, { kind: 'password' }, { kind: 'dummy' }, { kind: 'user_login' }]
const offers = (step: WaitingStep) => step.actions.map(({ type }) => type)
const kind = (step: WaitingStep) => step.challenge.__typename

async function atPassword(ground: Ground, stages: object[] = threeScreens) {
  const ada = await ground.person()
  const { slug } = await ground.flow({ stages: stages as never })
  const browser = new WaitingBrowser(ground.app.url)
  const first = await browser.begin(slug)
  const step = await browser.reply(first, { identification: { uidField: ada.username } })
  return { ada, browser, first, step }
}

describeJourneys('going back', (ground) => {
  it('is offered from the second screen on, and leads to the one before', async () => {
    const { browser, first, step, ada } = await atPassword(ground)

    const back = await browser.act(step, 'BACK')

    expect(offers(first)).not.toContain('BACK')
    expect(offers(step)).toContain('BACK')
    expect(kind(back)).toBe('IdentificationChallenge')
    expect(offers(back)).not.toContain('BACK')
    expect(kind(await browser.reply(back, { identification: { uidField: ada.username } }))).toBe('PasswordChallenge')
  })

  it('lets another person be named, whose password counts from then on', async () => {
    const { browser, step, ada } = await atPassword(ground)
    const grace = await ground.person()
    const back = await browser.act(step, 'BACK')
    const asked = await browser.reply(back, { identification: { uidField: grace.username } })

    const wrong = await browser.reply(asked, { password: { password: ada.password } })
    const right = await browser.reply(wrong, { password: { password: grace.password } })
    await browser.reply(right, { dummy: {} })

    expect(kind(wrong)).toBe('PasswordChallenge')
    expect(await browser.viewer()).toBe(grace.username)
  })

  it('takes a proof back that was given since', async () => {
    const { browser, step, ada } = await atPassword(ground)
    const proven = await browser.reply(step, { password: { password: ada.password } })

    const back = await browser.act(proven, 'BACK')
    const row = await ground.prisma.execution.findUnique({ where: { id: step.id } })

    expect(kind(back)).toBe('PasswordChallenge')
    expect(JSON.stringify(row?.plan)).not.toContain('auth_method')
  })

  it('forgets no refused attempt', async () => {
    const limited = {
      kind: 'password',
      config: { backends: ['authentik.core.auth.InbuiltBackend'], failedAttemptsBeforeCancel: 2 },
    }
    const { browser, step, ada } = await atPassword(ground, [{ kind: 'identification' }, limited, { kind: 'user_login' }])
    const wrong = await browser.reply(step, { password: { password: 'a wrong one' } })
    const back = await browser.act(wrong, 'BACK')
    const again = await browser.reply(back, { identification: { uidField: ada.username } })

    expect(await browser.reply(again, { password: { password: 'another wrong one' } })).toMatchObject({ status: 'DENIED' })
  })

  it('does not lead past what cannot be undone', async () => {
    const ada = await ground.person()
    const { slug } = await ground.flow({ stages: [...threeScreens.slice(0, 2), { kind: 'user_login' }, { kind: 'dummy' }] })
    const browser = new WaitingBrowser(ground.app.url)
    const asked = await browser.reply(await browser.begin(slug), { identification: { uidField: ada.username } })
    const signedIn = await browser.reply(asked, { password: { password: ada.password } })

    expect(kind(signedIn)).toBe('DummyChallenge')
    expect(offers(signedIn)).not.toContain('BACK')
    expect(await browser.act(signedIn, 'BACK')).toMatchObject({ __typename: 'ActionNotAllowedError' })
  })

  it('is no way around a restart', async () => {
    const { browser, step } = await atPassword(ground)

    expect(offers(await browser.act(step, 'RESTART'))).not.toContain('BACK')
  })
})
