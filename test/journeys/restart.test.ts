import { describe, expect, it } from 'vitest'
import { GraphQLJourney } from '../support/graphql-journey.ts'
import { faces } from '../support/journey-clients.ts'
import { describeJourneys, type Ground } from '../support/journeys.ts'
import { RestJourney } from '../support/rest-journey.ts'

const backends = ['authentik.core.auth.InbuiltBackend']
const notForYou = 'Flow does not apply to current user.'

describeJourneys('a flow that starts over', (ground) => {
  describe.each(faces)('over %s', (_, Client) => {
    const visit = () => new Client(ground.app.url)

    it('begins with its first stage after a refused answer, and says nothing about it', async () => {
      const config = { userFields: ['username'], pretendUserExists: false }
      const binding = { invalidResponseAction: 'restart' } as const
      const { slug } = await ground.flow({ stages: [{ kind: 'dummy' }, { kind: 'identification', config, binding }] })
      const client = visit()
      await client.start(slug)
      await client.answer('dummy')

      const over = await client.answer('identification', { uidField: 'nobody' })

      expect(over).toMatchObject({ kind: 'dummy', errors: [] })
      expect(await client.read()).toEqual(over)
    })

    it.each([
      { action: 'restart', remembered: undefined },
      { action: 'restart_with_context', remembered: 'somebody' },
    ] as const)('remembers $remembered with $action', async ({ action, remembered }) => {
      const { slug } = await ground.flow({
        stages: [
          { kind: 'identification', config: { userFields: ['username'], showMatchedUser: false } },
          { kind: 'password', config: { backends }, binding: { invalidResponseAction: action } },
        ],
      })
      const client = visit()
      await client.start(slug)
      await client.answer('identification', { uidField: 'somebody' })

      const over = await client.answer('password', { password: 'a guess' })

      expect(over).toMatchObject({ kind: 'identification', errors: [] })
      expect(over.fields.pendingUserIdentifier).toBe(remembered)
    })

    it('asks the policies of the flow again, and refuses once', async () => {
      const config = { userFields: ['username'], pretendUserExists: false }
      const binding = { invalidResponseAction: 'restart_with_context' } as const
      const { slug, policyIds } = await ground.flow({
        policies: [{ result: true }],
        stages: [{ kind: 'identification', config, binding }],
      })
      const client = visit()
      await client.start(slug)
      await ground.decide(policyIds[0], false)

      expect(await client.answer('identification', { uidField: 'nobody' })).toMatchObject({ denied: 'dummy' })
      expect(await ground.outcomes(slug)).toEqual(['denied'])
    })

    it('meets a stage that was left out before', async () => {
      const config = { userFields: ['username'], pretendUserExists: false }
      const binding = { invalidResponseAction: 'restart_with_context' } as const
      const { slug, policyIds } = await ground.flow({
        stages: [
          { kind: 'deny', config: { denyMessage: 'Too many strangers.' }, policies: [{ result: false }] },
          { kind: 'identification', config, binding },
        ],
      })
      const client = visit()
      expect(await client.start(slug)).toMatchObject({ kind: 'identification' })
      await ground.decide(policyIds[0], true)

      expect(await client.answer('identification', { uidField: 'nobody' })).toMatchObject({ denied: 'Too many strangers.' })
    })

    it('is what it has become meanwhile', async () => {
      const { slug, stageIds } = await ground.flow({
        stages: [
          { kind: 'dummy' },
          {
            kind: 'identification',
            config: { userFields: ['username'], pretendUserExists: false },
            binding: { invalidResponseAction: 'restart' },
          },
        ],
      })
      const client = visit()
      await client.start(slug)
      await client.answer('dummy')
      await ground.prisma.stage.update({ where: { id: String(stageIds[0]) }, data: { name: `${slug} renamed` } })

      const over = await client.answer('identification', { uidField: 'nobody' })

      expect(over.fields).toEqual({ name: `${slug} renamed` })
    })

    it('ends for good when it starts over without end by itself', async () => {
      const { slug } = await ground.flow({ stages: [{ kind: 'deny', binding: { invalidResponseAction: 'restart' } }] })

      expect(await visit().start(slug)).toMatchObject({ denied: notForYou })
    })

    it('ends for good when people make it start over without end', async () => {
      const deny = { kind: 'deny', binding: { invalidResponseAction: 'restart' } } as const
      const { slug } = await ground.flow({ stages: [{ kind: 'dummy' }, deny] })
      const client = visit()
      await client.start(slug)

      const views = []
      for (let round = 0; round < 11; round += 1) views.push(await client.answer('dummy'))

      expect(views.slice(0, 10).map(({ kind }) => kind)).toEqual(Array(10).fill('dummy'))
      expect(views[10]).toMatchObject({ denied: notForYou })
    })

    it('does not start over where a stage refuses for good', async () => {
      const { slug } = await ground.flow({ stages: [{ kind: 'dummy' }, { kind: 'deny', config: { denyMessage: 'Not today.' } }] })
      const client = visit()
      await client.start(slug)

      expect(await client.answer('dummy')).toMatchObject({ kind: 'access_denied', denied: 'Not today.' })
    })
  })

  it('can be fetched again over REST once it has refused: that begins anew', async () => {
    const { slug } = await ground.flow({ stages: [{ kind: 'dummy' }, { kind: 'deny' }] })
    const client = new RestJourney(ground.app.url)
    await client.start(slug)
    expect(await client.answer('dummy')).toMatchObject({ denied: 'Unknown error' })

    expect(await client.read()).toMatchObject({ kind: 'dummy' })
  })
})

describeJourneys('the actions of a step', (ground) => {
  const begin = async (stages: Parameters<Ground['flow']>[0], query?: string) => {
    const { slug, policyIds } = await ground.flow(stages)
    const client = new GraphQLJourney(ground.app.url)
    await client.start(slug, query)
    return { client, slug, policyIds }
  }

  it('are to answer, to start over and to give up', async () => {
    const { client } = await begin({})

    expect(client.step?.actions).toEqual([
      { type: 'SUBMIT', enabled: true, reason: null, availableAt: null },
      { type: 'RESTART', enabled: true, reason: null, availableAt: null },
      { type: 'CANCEL', enabled: true, reason: null, availableAt: null },
    ])
  })

  it('RESTART begins anew, and forgets who it was about', async () => {
    const { client } = await begin({
      stages: [{ kind: 'identification', config: { userFields: ['username'], showMatchedUser: false } }, { kind: 'password' }],
    })
    const executionId = client.step?.id
    await client.answer('identification', { uidField: 'somebody' })

    const over = await client.perform('RESTART')

    expect(over).toMatchObject({ kind: 'identification', errors: [] })
    expect(over.fields).not.toHaveProperty('pendingUserIdentifier')
    expect(client.step?.id).toBe(executionId)
    expect(await client.answer('identification', { uidField: 'somebody' })).toMatchObject({ kind: 'password' })
  })

  it('RESTART is refused where the flow is no longer for the person, and is counted', async () => {
    const { client, policyIds } = await begin({ policies: [{ result: true }], stages: [{ kind: 'dummy' }] })
    for (let round = 0; round < 10; round += 1) expect(await client.perform('RESTART')).toMatchObject({ kind: 'dummy' })
    expect(await client.perform('RESTART')).toMatchObject({ denied: notForYou })

    const other = client.tab()
    await other.start(client.step?.flow.slug ?? '')
    await ground.decide(policyIds[0], false)
    expect(await other.perform('RESTART')).toMatchObject({ denied: 'dummy' })
  })

  it.each([
    ['', '/'],
    ['next=%2Fapps%2F%3Fa%3D1', '/apps/?a=1'],
    ['next=%2F%2Fevil.example', '/'],
    ['next=https%3A%2F%2Fevil.example', '/'],
  ])('CANCEL ends the execution and leads back (%j)', async (query, to) => {
    const { client } = await begin({ stages: [{ kind: 'dummy' }] }, query)

    expect(await client.perform('CANCEL')).toMatchObject({ kind: 'redirect', to, fields: { finalRedirect: true } })
    expect(client.step).toMatchObject({ status: 'CANCELLED', actions: [] })
  })

  it('are gone once the execution is over', async () => {
    const { client } = await begin({ stages: [{ kind: 'dummy' }] })
    await client.perform('CANCEL')
    const ended = client.step

    expect((await client.answer('dummy')).problem).toMatchObject({ code: 'UNEXPECTED_RESPONSE', current: { kind: 'redirect' } })
    expect((await client.perform('RESTART')).problem?.code).toBe('UNEXPECTED_RESPONSE')
    await client.read()
    expect(client.step).toEqual(ended)
  })
})
