import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Step } from '../support/browser.ts'
import type { ChildServer } from '../support/child-server.ts'
import { type Cluster, clusterAvailable, clusterKey, clusterMissing, openCluster } from '../support/cluster.ts'
import { DuoPeople, type DuoPerson } from '../support/duo-people.ts'
import { type DuoServer, startDuoServer } from '../support/duo-server.ts'
import { type Gate, openGate } from '../support/gate.ts'
import { redisUrl } from '../support/redis.ts'
import { seedFlow, signInStages } from '../support/seed.ts'
import { nextStep, overSocket, type StepStream } from '../support/streams.ts'
import { type Account, createAccount } from '../support/test-app.ts'
import { WaitingBrowser } from '../support/waiting-journey.ts'

/** How long Redis is away (milliseconds). */
const away = 5000
/** How soon afterwards all is told (milliseconds). Ten seconds after its start a server looks by itself, which is later than that. */
const soon = 3000

describe.skipIf(!clusterAvailable)(`two servers that lose Redis for ${away / 1000} seconds${clusterMissing}`, () => {
  let cluster: Cluster
  let duo: DuoServer
  let people: DuoPeople
  let gate: Gate
  let a: ChildServer

  beforeAll(async () => {
    duo = await startDuoServer({ now: () => new Date() })
    gate = await openGate(redisUrl)
    cluster = await openCluster({ ...duo.env, REDIS_URL: gate.url })
    people = await DuoPeople.of(cluster.database, duo, clusterKey)
    await seedFlow(cluster.database, { slug: 'sign-in', stages: signInStages })
    await seedFlow(cluster.database, { slug: 'tour', stages: Array.from({ length: 10 }, () => ({ kind: 'dummy' })) })
    const stages = ['identification', 'authenticator_validate', 'dummy'].map((kind) => ({ kind }))
    await seedFlow(cluster.database, { slug: 'duo', stages })
    a = await cluster.start()
  })

  afterAll(async () => {
    await cluster.close()
    await gate.close()
    await duo.close()
  })

  it('go on meanwhile, and tell afterwards what listeners at the other one have missed', { timeout: 60_000 }, async () => {
    const [ada, grace] = await Promise.all([createAccount(cluster.database, 'ada'), people.person('grace')])
    const browser = new WaitingBrowser(a.url)
    let step = await browser.start('tour')
    const b = await cluster.start()
    const goOn = async () => (step = await browser.answer(step, { dummy: {} }))
    const stream = await overSocket.listen(browser.at(b.url), step.id, step.sequence)
    const first = nextStep(stream)
    expect(await goOn()).toEqual(await first)

    gate.cut()
    const heard: Step[] = []
    const healed = after(away).then(() => {
      gate.heal()
      return { at: performance.now(), heardBefore: [...heard] }
    })
    const missed = [await goOn(), await goOn(), await goOn()]
    const [caughtUpAt] = await Promise.all([
      hear(stream, missed.length, heard).then(() => performance.now()),
      expectSignIn(ada, a.url),
      expectApproval(grace, a.url, b.url),
    ])

    const { at, heardBefore } = await healed
    expect(heardBefore).toEqual([])
    expect(caughtUpAt - at).toBeLessThan(soon)
    expect(heard).toEqual(missed)
    const last = nextStep(stream)
    expect(await goOn()).toEqual(await last)
    await stream.return?.()
  })

  /** Attempts are limited by what the server remembers itself. */
  async function expectSignIn(account: Account, url: string): Promise<void> {
    expect(await new WaitingBrowser(url).signIn('sign-in', account)).toMatchObject({ status: 'FINISHED' })
  }

  /** The server at which somebody listens asks Duo itself. */
  async function expectApproval({ username, deviceUid }: DuoPerson, url: string, listening: string): Promise<void> {
    const browser = new WaitingBrowser(url)
    const named = await browser.reply(await browser.begin('duo'), { identification: { uidField: username } })
    const waiting = await browser.reply(named, { authenticatorValidate: { duo: deviceUid } })
    const stream = await overSocket.listen(browser.at(listening), waiting.id, waiting.sequence)
    await duo.asked(username)
    duo.approve(username)
    const { challenge } = await nextStepBut(stream, 'AuthenticatorValidateChallenge')
    expect(challenge).toMatchObject({ __typename: 'ContinueChallenge' })
    await stream.return?.()
  }
})

async function hear(stream: StepStream, count: number, heard: Step[]): Promise<void> {
  while (heard.length < count) heard.push(await nextStep(stream))
}

/** The next step with another challenge than this one. */
async function nextStepBut(stream: StepStream, typename: string): Promise<Step> {
  const step = await nextStep(stream)
  return step.challenge.__typename === typename ? nextStepBut(stream, typename) : step
}

function after(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
