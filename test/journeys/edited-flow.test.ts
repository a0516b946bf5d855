import { describe, expect, it } from 'vitest'
import { GraphQLJourney } from '../support/graphql-journey.ts'
import { faces } from '../support/journey-clients.ts'
import type { JourneyClient } from '../support/journey-view.ts'
import { describeJourneys, type Ground } from '../support/journeys.ts'

describeJourneys('a flow that is edited while somebody passes it', (ground) => {
  describe.each(faces)('over %s', (_, Client) => {
    const visit = () => new Client(ground.app.url)
    const begin = async () => {
      const { slug, id, stageIds, bindingIds } = await threeStages(ground)
      const client = visit()
      await client.start(slug)
      return { client, slug, id, second: String(stageIds[1]), secondBinding: String(bindingIds[1]) }
    }

    it('shows its stages as they were, and to the next visitor as they are', async () => {
      const { client, slug, second } = await begin()
      const { name } = await ground.prisma.stage.update({ where: { id: second }, data: { name: `${slug} renamed` } })

      expect(await client.answer('dummy')).toMatchObject({ fields: { name: `${slug} second` } })
      expect(await through(visit(), slug)).toEqual([`${slug} first`, name, `${slug} third`, '/'])
    })

    it('keeps to the config it was planned with', async () => {
      const [{ slug, stageIds }, ada] = [await ground.flow(), await ground.person()]
      const client = visit()
      await client.start(slug)
      await client.answer('identification', { uidField: ada.username })
      const config = { backends: ['authentik.core.auth.InbuiltBackend'], failedAttemptsBeforeCancel: 1 }
      await ground.prisma.stage.update({ where: { id: String(stageIds[1]) }, data: { config } })

      expect(await client.answer('password', { password: 'a guess' })).toMatchObject({ kind: 'password' })

      const other = visit()
      await other.start(slug)
      await other.answer('identification', { uidField: ada.username })
      expect(await other.answer('password', { password: 'a guess' })).toMatchObject({ kind: 'access_denied' })
    })

    it('keeps a stage that was taken out of it', async () => {
      const { client, slug, secondBinding } = await begin()
      await ground.prisma.flowStageBinding.delete({ where: { id: secondBinding } })

      expect(await client.answer('dummy')).toMatchObject({ fields: { name: `${slug} second` } })
      expect(await through(visit(), slug)).toEqual([`${slug} first`, `${slug} third`, '/'])
    })

    it('keeps a stage that was deleted, and goes on after it', async () => {
      const { client, slug, second } = await begin()
      await ground.prisma.stage.delete({ where: { id: second } })

      expect(await rest(client)).toEqual([`${slug} second`, `${slug} third`, '/'])
      expect(await through(visit(), slug)).toEqual([`${slug} first`, `${slug} third`, '/'])
    })

    it('keeps its order', async () => {
      const { client, slug, secondBinding } = await begin()
      await ground.prisma.flowStageBinding.update({ where: { id: secondBinding }, data: { order: 5 } })

      expect(await rest(client)).toEqual([`${slug} second`, `${slug} third`, '/'])
      expect(await through(visit(), slug)).toEqual([`${slug} second`, `${slug} first`, `${slug} third`, '/'])
    })

    it('comes to its end even when it was deleted itself, and is begun by nobody any more', async () => {
      const { client, slug, id } = await begin()
      await ground.prisma.flow.delete({ where: { id } })

      expect(await rest(client)).toEqual([`${slug} second`, `${slug} third`, '/'])
      expect((await visit().start(slug)).problem).toEqual({ code: 'FLOW_NOT_FOUND' })
    })

    it('shows its new title to the next visitor', async () => {
      const { client, slug, id } = await begin()
      await ground.prisma.flow.update({ where: { id }, data: { title: 'A new title' } })

      expect(await client.read()).toMatchObject({ title: slug })
      expect(await visit().start(slug)).toMatchObject({ title: 'A new title' })
    })

    it('asks policies as they are, on stages as they were', async () => {
      const { client, slug, secondBinding } = await begin()
      const policy = { name: `${slug} policy`, kind: 'dummy', config: { result: false, waitMin: 0, waitMax: 0 } }
      const bound = await ground.prisma.policyBinding.create({
        data: { stageBinding: { connect: { id: secondBinding } }, order: 0, policy: { create: policy } },
      })
      expect(await client.answer('dummy')).toMatchObject({ fields: { name: `${slug} third` } })

      const other = visit()
      await other.start(slug)
      await ground.prisma.policyBinding.update({ where: { id: bound.id }, data: { enabled: false } })
      expect(await other.answer('dummy')).toMatchObject({ fields: { name: `${slug} second` } })
    })
  })

  it('cannot be started over once it is gone', async () => {
    const { slug, id } = await threeStages(ground)
    const client = new GraphQLJourney(ground.app.url)
    await client.start(slug)
    await ground.prisma.flow.delete({ where: { id } })

    expect(await client.perform('RESTART')).toMatchObject({ denied: 'Flow does not apply to current user.' })
  })
})

let made = 0

async function threeStages(ground: Ground) {
  made += 1
  const slug = `edited${made}`
  const stages = ['first', 'second', 'third'].map((name) => ({ kind: 'dummy', name: `${slug} ${name}` }))
  return ground.flow({ slug, stages })
}

/** The names of all that is shown from the beginning to the end. */
async function through(client: JourneyClient, slug: string): Promise<unknown[]> {
  const view = await client.start(slug)
  return [view.fields.name, ...(await rest(client))]
}

/** The names of what is shown after each answer, until there is nothing more to answer. */
async function rest(client: JourneyClient): Promise<unknown[]> {
  const shown = []
  for (;;) {
    const view = await client.answer('dummy')
    shown.push(view.to ?? view.fields.name ?? view.kind)
    if (view.kind !== 'dummy') return shown
  }
}
