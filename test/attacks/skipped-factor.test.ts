import { describe, expect, it } from 'vitest'
import { GraphQLJourney } from '../support/graphql-journey.ts'
import { faces } from '../support/journey-clients.ts'
import type { JourneyClient } from '../support/journey-view.ts'
import { describeJourneys, type Ground, signIn } from '../support/journeys.ts'
import { RestJourney } from '../support/rest-journey.ts'
import { setUpTotp } from '../support/second-factors.ts'
import type { SeedStage } from '../support/seed.ts'
import type { Account } from '../support/test-app.ts'

const factor: SeedStage = { kind: 'authenticator_validate', config: { deviceClasses: ['totp'] } }
const before: readonly SeedStage[] = [{ kind: 'identification' }, { kind: 'password' }]

/** Sign-in with a second factor, and somebody who has one. */
async function strongFlow(ground: Ground, stage = factor) {
  const ada = await ground.person()
  const { codeNow } = await setUpTotp(ground, ada)
  const { slug, bindingIds } = await ground.flow({ stages: [...before, stage, { kind: 'user_login' }] })
  return { ada, codeNow, slug, bindingIds }
}

/** Nobody is signed in, and a full sign-in still works. */
async function stillAsked(client: JourneyClient, slug: string, ada: Account): Promise<void> {
  expect(await client.whoAmI()).toBeUndefined()
  expect(await signIn(client, slug, ada)).toMatchObject({ kind: 'authenticator_validate' })
  expect(await client.whoAmI()).toBeUndefined()
}

describeJourneys('going round a second factor', (ground) => {
  describe.each(faces)('over %s', (_, Client) => {
    const visit = () => new Client(ground.app.url)

    it.each([
      ['opening the page again', (client: JourneyClient, slug: string) => client.start(slug)],
      ['opening it in another tab', (client: JourneyClient, slug: string) => client.tab().start(slug)],
      ['answering the stage after it', (client: JourneyClient) => client.submit('user_login', { rememberMe: true })],
      ['answering the stage before it', (client: JourneyClient) => client.submit('password', { password: 'whatever' })],
      ['answering as if there were no field', (client: JourneyClient) => client.submit('dummy')],
      ['looking at it again and again', async (client: JourneyClient) => [await client.read(), await client.read()]],
    ] as const)('is not done by %s', async (_how, attack) => {
      const { slug, ada } = await strongFlow(ground)
      const client = visit()
      expect(await signIn(client, slug, ada)).toMatchObject({ kind: 'authenticator_validate' })

      await attack(client, slug)

      await stillAsked(client, slug, ada)
      expect(await ground.events('login', ada.id)).toBe(1)
    })

    it('is not done by dropping the cookie, nor with the cookie of somebody else', async () => {
      const { slug, ada, codeNow } = await strongFlow(ground)
      const client = visit()
      await signIn(client, slug, ada)
      const mallory = visit()
      await mallory.start((await ground.flow()).slug)
      for (const thief of [visit(), mallory]) {
        takeOver(thief, client)
        const refused = await thief.answer('authenticator_validate', { code: codeNow() })
        // REST has no execution in this session: an answer is one to the first stage of a new one.
        if (thief instanceof RestJourney) expect(refused).toMatchObject({ kind: 'identification' })
        else expect(refused.problem).toMatchObject({ code: 'EXECUTION_NOT_FOUND' })
        expect(await thief.whoAmI()).toBeUndefined()
      }
      expect(await client.answer('authenticator_validate', { code: codeNow() })).toMatchObject({ kind: 'redirect' })
      expect(await client.whoAmI()).toBe(ada.username)
    })

    it.each([
      ['fails', { result: true, broken: true }, {}],
      ['fails, and is negated', { result: true, broken: true, binding: { negate: true } }, {}],
      ['is not done in time', { result: true, slow: true, binding: { timeout: 0 } }, {}],
      ['fails while the flow is planned', { result: true, broken: true }, { evaluateOnPlan: true, reEvaluatePolicies: false }],
    ] as const)('is not done by a policy that %s', async (_how, policy, binding) => {
      const { slug, ada, codeNow } = await strongFlow(ground, { ...factor, binding, policies: [policy] })
      if ('slow' in policy) {
        const config = { result: true, waitMin: 60, waitMax: 60 }
        await ground.prisma.policy.updateMany({
          where: { bindings: { some: { stageBinding: { flow: { slug } } } } },
          data: { config },
        })
      }
      const client = visit()

      await stillAsked(client, slug, ada)
      expect(await client.answer('authenticator_validate', { code: codeNow() })).toMatchObject({ kind: 'redirect' })
      expect(await client.whoAmI()).toBe(ada.username)
    })

    it('is for a policy that says so to do', async () => {
      const { slug, ada } = await strongFlow(ground, { ...factor, policies: [{ result: false }, { result: true, broken: true }] })
      await ground.prisma.flowStageBinding.updateMany({ where: { flow: { slug } }, data: { policyEngineMode: 'all' } })

      expect(await signIn(visit(), slug, ada)).toMatchObject({ kind: 'redirect' })
    })

    it('is no matter of a policy that fails elsewhere: what refuses still refuses, and what acts does not', async () => {
      const ada = await ground.person()
      const broken = { policies: [{ result: true, broken: true }] } as const
      const denying = await ground.flow({ stages: [...before, { kind: 'deny', ...broken }, { kind: 'user_login' }] })
      const signing = await ground.flow({ stages: [...before, { kind: 'user_login', ...broken }] })
      const [one, other] = [visit(), visit()]

      expect(await signIn(one, denying.slug, ada)).toMatchObject({ kind: 'access_denied' })
      expect(await signIn(other, signing.slug, ada)).toMatchObject({ kind: 'redirect' })
      expect([await one.whoAmI(), await other.whoAmI()]).toEqual([undefined, undefined])
    })
  })

  it('is not done by the actions of a step', async () => {
    const { slug, ada } = await strongFlow(ground)
    for (const action of ['RESTART', 'CANCEL', 'BACK', 'SKIP', 'SUBMIT']) {
      const client = new GraphQLJourney(ground.app.url)
      await signIn(client, slug, ada)
      const told = await client.perform(action)
      expect(told.kind, action).not.toBe('authenticator_validate')
      if (action === 'RESTART') expect(told).toMatchObject({ kind: 'identification' })
      await stillAsked(client, slug, ada)
    }
  })

  it('is not done by answering an earlier step, or another kind, by its token', async () => {
    const { slug, ada } = await strongFlow(ground)
    const client = new GraphQLJourney(ground.app.url)
    await client.start(slug)
    await client.answer('identification', { uidField: ada.username })
    const { step } = client
    await client.answer('password', { password: ada.password })
    const early = client.twin()
    early.step = step

    expect((await early.submit('user_login', { rememberMe: true })).problem).toMatchObject({ code: 'STALE_STEP' })
    expect((await client.submit('user_login', { rememberMe: true })).problem).toMatchObject({ code: 'UNEXPECTED_RESPONSE' })
    await stillAsked(client, slug, ada)
  })
})

/** Goes on with the page of somebody else, with cookies of one's own. */
function takeOver(thief: JourneyClient, victim: JourneyClient): void {
  if (thief instanceof GraphQLJourney && victim instanceof GraphQLJourney) thief.step = victim.step
  if (thief instanceof RestJourney && victim instanceof RestJourney) thief.path = victim.path
}
