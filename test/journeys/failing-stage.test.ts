import { describe, expect, it } from 'vitest'
import { failNextRead } from '../support/fail-read.ts'
import { GraphQLJourney } from '../support/graphql-journey.ts'
import { faces } from '../support/journey-clients.ts'
import { describeJourneys, type Ground, signIn } from '../support/journeys.ts'
import { RestJourney } from '../support/rest-journey.ts'

const failing = { kind: 'dummy', config: { throwError: true } }
/** A config that no version of the product would have stored. */
const broken = { kind: 'password', config: { backends: 'all of them' } }

describeJourneys('a stage that fails', (ground) => {
  describe.each(faces)('over %s', (_, Client) => {
    const visit = () => new Client(ground.app.url)

    it.each([
      ['by itself', failing],
      ['because of its config', broken],
    ])('%s tells people the id of their request, and the log the rest', async (_how, stage) => {
      const { slug } = await ground.flow({ stages: [{ kind: 'dummy' }, stage] })
      const client = visit()
      await client.start(slug)

      const failed = await client.answer('dummy')

      expect(failed).toMatchObject({ kind: 'flow_error', component: 'ak-stage-flow-error', errors: [] })
      expect(Object.keys(failed.fields)).toEqual(['requestId'])
      expect(failed.fields.requestId).toMatch(/^[\w-]{36}$/)
      const line = ground.app.logged.find((text) => text.includes(String(failed.fields.requestId)) && text.includes('stack'))
      expect(line).toBeDefined()
      await expect.poll(() => auditOf(ground, slug)).toContain(failed.fields.requestId)
    })

    it('tells administrators what failed', async () => {
      const [login, root] = [await ground.flow(), await ground.person({ superuser: true })]
      const { slug } = await ground.flow({ flow: { designation: 'stage_configuration' }, stages: [failing] })
      const client = visit()
      await signIn(client, login.slug, root)

      const { fields } = await client.start(slug)

      expect(fields.error).toBe('This stage was told to fail.')
      expect(fields.traceback).toContain('at ')
    })

    it('tells nothing to somebody who is signed in and no administrator, nor to one who only says who they are', async () => {
      const [login, ada, root] = [await ground.flow(), await ground.person(), await ground.person({ superuser: true })]
      const { slug } = await ground.flow({
        flow: { designation: 'stage_configuration' },
        stages: [{ kind: 'identification' }, failing],
      })
      const [somebody, anonymous] = [visit(), visit()]
      await signIn(somebody, login.slug, ada)

      for (const client of [somebody, anonymous]) {
        await client.start(slug)
        const failed = await client.answer('identification', { uidField: root.username })
        expect(failed.kind).toBe('flow_error')
        expect(Object.keys(failed.fields)).toEqual(['requestId'])
      }
    })

    it('is tried again by whoever looks again', async () => {
      const { slug, policyIds } = await ground.flow({
        stages: [{ ...failing, policies: [{ result: true }] }, { kind: 'dummy' }],
      })
      const client = visit()
      const [first, second] = [await client.start(slug), await client.read()]
      expect([first.kind, second.kind]).toEqual(['flow_error', 'flow_error'])
      expect(second.fields.requestId).not.toBe(first.fields.requestId)

      await ground.decide(policyIds[0], false)

      expect(await client.read()).toMatchObject({ kind: 'dummy' })
      expect(await client.answer('dummy')).toMatchObject({ kind: 'redirect' })
    })

    it('can be answered again when it failed over an answer', async () => {
      const [{ slug }, ada] = [await ground.flow(), await ground.person()]
      const client = visit()
      await client.start(slug)
      failNextRead(ground.app.database, /FROM "User" u WHERE/)

      const failed = await client.answer('identification', { uidField: ada.username })

      expect(failed).toMatchObject({ kind: 'flow_error' })
      expect(await client.read()).toMatchObject({ kind: 'identification', errors: [] })
      expect(await client.answer('identification', { uidField: ada.username })).toMatchObject({ kind: 'password' })
    })

    it.each([
      ['by itself', failing, 'dummy', {}],
      ['because of its config', broken, 'password', { password: 'a guess' }],
    ])('%s is passed by no answer', async (_how, stage, kind, response) => {
      const { slug } = await ground.flow({ stages: [stage, { kind: 'deny' }] })
      const client = visit()
      await client.start(slug)

      const refused = await client.answer(kind, response)

      if (client instanceof RestJourney) expect(refused).toMatchObject({ kind: 'flow_error' })
      else expect(refused.problem).toMatchObject({ code: 'ACTION_NOT_ALLOWED', current: { kind: 'flow_error' } })
      expect(await client.read()).toMatchObject({ kind: 'flow_error' })
    })
  })

  it('offers to start over and to give up, not to answer', async () => {
    const { slug } = await ground.flow({ stages: [failing] })
    const client = new GraphQLJourney(ground.app.url)
    await client.start(slug)

    expect(client.step?.actions).toEqual([
      {
        type: 'SUBMIT',
        enabled: false,
        reason: 'The server failed here. Read the execution again to try once more.',
        availableAt: null,
      },
      { type: 'RESTART', enabled: true, reason: null, availableAt: null },
      { type: 'CANCEL', enabled: true, reason: null, availableAt: null },
    ])
    expect(await client.perform('CANCEL')).toMatchObject({ kind: 'redirect', to: '/' })
  })

  it('is left behind by starting over, once it was repaired', async () => {
    const { slug, stageIds } = await ground.flow({ stages: [broken, { kind: 'dummy' }] })
    const client = new GraphQLJourney(ground.app.url)
    expect(await client.start(slug)).toMatchObject({ kind: 'flow_error' })
    await ground.prisma.stage.update({ where: { id: String(stageIds[0]) }, data: { kind: 'dummy', config: {} } })

    expect(await client.read()).toMatchObject({ kind: 'flow_error' })
    expect(await client.perform('RESTART')).toMatchObject({ kind: 'dummy' })
  })

  it('over REST takes an answer for a look, and judges it never', async () => {
    const { slug, policyIds } = await ground.flow({
      stages: [{ ...failing, policies: [{ result: true }] }, { kind: 'dummy' }, { kind: 'deny' }],
    })
    const client = new RestJourney(ground.app.url)
    await client.start(slug)
    await ground.decide(policyIds[0], false)

    expect(await client.answer('dummy')).toMatchObject({ kind: 'dummy' })
  })
})

/** The requests of which the audit trail says that they failed in a flow. */
async function auditOf({ prisma }: Ground, slug: string): Promise<string[]> {
  const events = await prisma.event.findMany({ where: { action: 'system_exception' } })
  return events.filter(({ context }) => (context as { flow: string }).flow === slug).map(({ requestId }) => requestId)
}
