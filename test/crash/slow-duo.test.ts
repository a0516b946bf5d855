import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ChildServer } from '../support/child-server.ts'
import { type Cluster, clusterAvailable, clusterKey, clusterMissing, openCluster } from '../support/cluster.ts'
import { DuoPeople, type DuoPerson } from '../support/duo-people.ts'
import { type DuoServer, startDuoServer } from '../support/duo-server.ts'
import { seedFlow } from '../support/seed.ts'
import { nextStep, overSocket, type StepStream } from '../support/streams.ts'
import { WaitingBrowser, type WaitingStep } from '../support/waiting-journey.ts'

const slug = 'duo-sign-in'
/** Servers start and stop meanwhile, which takes its time. */
const patiently = { timeout: 20_000 }

describe.skipIf(!clusterAvailable)(`a push that two servers know of${clusterMissing}`, { timeout: 60_000 }, () => {
  let cluster: Cluster
  let duo: DuoServer
  let people: DuoPeople
  let survivor: ChildServer

  beforeAll(async () => {
    duo = await startDuoServer({ now: () => new Date() })
    cluster = await openCluster(duo.env)
    people = await DuoPeople.of(cluster.database, duo, clusterKey)
    const stages = ['identification', 'password', 'authenticator_validate', 'user_login'].map((kind) => ({ kind }))
    await seedFlow(cluster.database, { slug, stages })
    survivor = await cluster.start()
  })

  afterAll(async () => {
    await cluster.close()
    await duo.close()
  })

  /** Somebody who has just asked to be asked, at this server. */
  async function asks(person: DuoPerson, url: string): Promise<{ browser: WaitingBrowser; step: WaitingStep }> {
    const browser = new WaitingBrowser(url)
    const named = await browser.reply(await browser.begin(slug), { identification: { uidField: person.username } })
    const known = await browser.reply(named, { password: { password: person.password } })
    const step = await browser.reply(known, { authenticatorValidate: { duo: person.deviceUid } })
    expect(step).toMatchObject({ status: 'ACTIVE', waiting: { reason: 'APPROVAL' } })
    return { browser, step }
  }

  /** Everything that a stream tells until the flow goes on with something else than waiting for Duo; sequences have no gap. */
  async function untilDecided(stream: StepStream, from: WaitingStep) {
    for (let sequence = from.sequence + 1; ; sequence += 1) {
      const step = await nextStep(stream)
      expect(step.sequence).toBe(sequence)
      if (step.challenge.__typename !== 'AuthenticatorValidateChallenge') return step
      expect(step.challenge.responseErrors).toEqual([])
    }
  }

  it('is asked for at one, and its approval told by the other, which then signs in', async () => {
    const ada = await people.person('ada')
    const doorkeeper = await cluster.start()
    const { browser, step } = await asks(ada, doorkeeper.url)
    const there = browser.at(survivor.url)
    const stream = await overSocket.listen(there, step.id, step.sequence)
    const decided = untilDecided(stream, step)
    await duo.asked(ada.username)

    duo.approve(ada.username)

    const next = await decided
    expect(next).toMatchObject({ status: 'ACTIVE', challenge: { __typename: 'ContinueChallenge' } })
    expect(await there.viewer()).toBeUndefined()
    const finished = await there.read(step)
    expect(finished).toMatchObject({ status: 'FINISHED', sequence: next.sequence + 1 })
    expect(await nextStep(stream)).toMatchObject({ status: 'FINISHED', sequence: finished.sequence })
    expect(await stream.next()).toMatchObject({ done: true })
    expect(await browser.viewer()).toBe(ada.username)
    expect(duo.pushes(ada.username)).toHaveLength(1)
  })

  it('is taken up by the other when the server is killed that asked for it, and sent once', async () => {
    const grace = await people.person('grace')
    const doomed = await cluster.start()
    const { browser, step } = await asks(grace, doomed.url)
    const { txid } = await duo.asked(grace.username)
    // The server that asks how the push stands has stored which one it is.
    await duo.polled(grace.username)

    await doomed.stop('SIGKILL')
    const there = browser.at(survivor.url)
    const stream = await overSocket.listen(there, step.id, step.sequence)
    const decided = untilDecided(stream, step)
    duo.approve(txid)

    expect(await decided).toMatchObject({ challenge: { __typename: 'ContinueChallenge' } })
    expect(await there.read(step)).toMatchObject({ status: 'FINISHED' })
    expect(await there.viewer()).toBe(grace.username)
    expect(duo.pushes(grace.username)).toHaveLength(1)
    await stream.return?.()
  })

  it('that was approved while no server was there counts for whoever comes back', async () => {
    const mary = await people.person('mary')
    const doomed = await cluster.start()
    const { browser, step } = await asks(mary, doomed.url)
    await duo.asked(mary.username)
    await duo.polled(mary.username)
    await doomed.stop('SIGKILL')
    duo.approve(mary.username)

    const there = browser.at(survivor.url)
    await expect.poll(async () => (await there.read(step)).status, patiently).toBe('FINISHED')

    expect(await there.viewer()).toBe(mary.username)
    expect(duo.pushes(mary.username)).toHaveLength(1)
  })

  it('is not sent again where the server is killed that was sending it: nobody knows how far it came', async () => {
    const joan = await people.person('joan')
    const { userId } = duo.user(joan.username)
    const sent = () => duo.requestsTo('/auth/v2/auth').filter(({ parameters }) => parameters.user_id === userId)
    const doomed = await cluster.start()
    duo.failNext('/auth/v2/auth', { type: 'hold' })
    const { browser, step } = await asks(joan, doomed.url)
    await expect.poll(() => sent().length, patiently).toBe(1)
    await doomed.stop('SIGKILL')

    const there = browser.at(survivor.url)
    const standing = await there.read(step)
    expect(standing).toMatchObject({ waiting: { until: step.waiting?.until } })
    // The person decides what becomes of it.
    const chosen = await there.act(standing, 'CHOOSE_ANOTHER')
    expect(sent()).toHaveLength(1)
    const again = await there.reply(chosen, { authenticatorValidate: { duo: joan.deviceUid } })
    await duo.asked(joan.username)
    duo.approve(joan.username)

    await expect.poll(async () => (await there.read(again)).status, patiently).toBe('FINISHED')
    expect(duo.pushes(joan.username)).toHaveLength(1)
    expect(sent()).toHaveLength(2)
  })
})
