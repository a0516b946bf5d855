import { describe, expect, it } from 'vitest'
import { faces } from '../support/journey-clients.ts'
import type { JourneyClient, View } from '../support/journey-view.ts'
import { describeJourneys, type Ground } from '../support/journeys.ts'
import type { SeedStage } from '../support/seed.ts'

describeJourneys('a stage with a policy', (ground) => {
  describe.each(faces)('over %s', (_, Client) => {
    const begin = async (...steps: readonly Partial<SeedStage>[]) => {
      const { slug, policyIds } = await row(ground, steps)
      const client = new Client(ground.app.url)
      return { client, slug, policyIds, first: nameOf(await client.start(slug)) }
    }

    it('is shown while its policy passes', async () => {
      const { client, first } = await begin({}, passing, passing)

      expect([first, ...(await answers(client, 3))]).toEqual(['1', '2', '3', 'end'])
    })

    it('is left out when its policy has come to refuse', async () => {
      const { client, policyIds } = await begin({}, passing, {})
      await ground.decide(policyIds[0], false)

      expect(await answers(client, 2)).toEqual(['3', 'end'])
    })

    it('is shown when its policy has come to pass', async () => {
      const { client, policyIds } = await begin({}, refusing, {})
      await ground.decide(policyIds[0], true)

      expect(await answers(client, 3)).toEqual(['2', '3', 'end'])
    })

    it('is left out together with the next one', async () => {
      const { client, policyIds } = await begin({}, passing, passing, {})
      for (const id of policyIds) await ground.decide(id, false)

      expect(await answers(client, 2)).toEqual(['4', 'end'])
    })

    it('ends the flow when it was the last one', async () => {
      const { client, policyIds } = await begin({}, passing)
      await ground.decide(policyIds[0], false)

      expect(await answers(client, 1)).toEqual(['end'])
    })

    it('does not begin the flow when it is refused', async () => {
      const { client, first } = await begin(refusing, {})

      expect([first, ...(await answers(client, 1))]).toEqual(['2', 'end'])
    })

    it('leaves nothing of a flow in which every stage is left out', async () => {
      const { client, first, slug } = await begin(refusing, refusing)

      expect(first).toBe('end')
      expect(await client.start(slug, 'next=%2Fapps%2F')).toMatchObject({ kind: 'redirect', to: '/apps/' })
    })

    it('disappears while it is on screen', async () => {
      const { client, policyIds, first } = await begin(passing, {})
      expect(first).toBe('1')
      await ground.decide(policyIds[0], false)

      expect(nameOf(await client.read())).toBe('2')
      expect(nameOf(await client.read())).toBe('2')
      expect(await answers(client, 1)).toEqual(['end'])
    })

    it('does not judge the answer to it once it is left out', async () => {
      const ada = await ground.person()
      const { slug, policyIds } = await ground.flow({
        stages: [
          { kind: 'identification' },
          { kind: 'password', policies: [{ result: true }] },
          { kind: 'dummy' },
          { kind: 'deny' },
        ],
      })
      const client = new Client(ground.app.url)
      await client.start(slug)
      await client.answer('identification', { uidField: ada.username })
      await ground.decide(policyIds[0], false)

      expect(await client.answer('password', { password: 'a guess' })).toMatchObject({ kind: 'dummy', errors: [] })
      expect(await ground.events('login_failed', ada.id)).toBe(0)
    })

    it('takes along what was wrong with the answer to it', async () => {
      const ada = await ground.person()
      const { slug, policyIds } = await ground.flow({
        stages: [{ kind: 'identification' }, { kind: 'password', policies: [{ result: true }] }, { kind: 'dummy' }],
      })
      const client = new Client(ground.app.url)
      await client.start(slug)
      await client.answer('identification', { uidField: ada.username })
      expect((await client.answer('password', { password: 'a guess' })).errors).toHaveLength(1)
      await ground.decide(policyIds[0], false)

      expect(await client.read()).toMatchObject({ kind: 'dummy', errors: [] })
    })

    it('is planned for good, where its policy is asked at the beginning only', async () => {
      const binding = { evaluateOnPlan: true, reEvaluatePolicies: false }
      const { client, policyIds } = await begin({}, { ...passing, binding }, { ...refusing, binding }, {})
      await ground.decide(policyIds[0], false)
      await ground.decide(policyIds[1], true)

      expect(await answers(client, 3)).toEqual(['2', '4', 'end'])
    })

    it('must pass twice, where its policy is asked at the beginning and on the way', async () => {
      const binding = { evaluateOnPlan: true, reEvaluatePolicies: true }
      const { client, policyIds } = await begin({}, { ...passing, binding }, { ...refusing, binding }, {})
      for (const id of policyIds) await ground.decide(id, id === policyIds[1])

      expect(await answers(client, 2)).toEqual(['4', 'end'])
    })

    it('is shown all the same, where its policy is never asked', async () => {
      const { first } = await begin({ ...refusing, binding: { evaluateOnPlan: false, reEvaluatePolicies: false } })

      expect(first).toBe('1')
    })

    it('is shown when a negated policy refuses', async () => {
      const { client, policyIds, first } = await begin({ policies: [{ result: false, binding: { negate: true } }] }, {})
      expect(first).toBe('1')

      await ground.decide(policyIds[0], true)

      expect(nameOf(await client.read())).toBe('2')
    })

    it('asks one or all of its policies, as it is told to', async () => {
      const policies = [{ result: true }, { result: false }]

      expect((await begin({ policies, binding: { policyEngineMode: 'any' } }, {})).first).toBe('1')
      expect((await begin({ policies, binding: { policyEngineMode: 'all' } }, {})).first).toBe('2')
    })
  })
})

const passing: Partial<SeedStage> = { policies: [{ result: true }] }
const refusing: Partial<SeedStage> = { policies: [{ result: false }] }

let rows = 0

/** Dummy stages named 1, 2, 3 ... in their order. */
function row(ground: Ground, steps: readonly Partial<SeedStage>[]) {
  rows += 1
  return ground.flow({ stages: steps.map((step, index) => ({ kind: 'dummy', name: `${index + 1} of row ${rows}`, ...step })) })
}

/** The number of the dummy that is shown, or that it is over. */
function nameOf(view: View): string | undefined {
  return view.kind === 'redirect' ? 'end' : String(view.fields.name).split(' ')[0]
}

/** What is shown after each of so many answers. */
async function answers(client: JourneyClient, count: number): Promise<(string | undefined)[]> {
  const shown = []
  for (let index = 0; index < count; index += 1) shown.push(nameOf(await client.answer('dummy')))
  return shown
}
