import { describe, expect, it } from 'vitest'
import { Browser, type Step } from '../support/browser.ts'
import { describeJourneys, type Ground } from '../support/journeys.ts'
import { endOf, nextStep, type StepStream, streamWays } from '../support/streams.ts'

const length = 24
const tour = Array.from({ length }, () => ({ kind: 'dummy' }))

/** An execution that somebody runs through as fast as the server lets them. */
async function begun(ground: Ground) {
  const { slug } = await ground.flow({ stages: tour })
  const browser = new Browser(ground.app.url)
  const started = await browser.start(slug)
  const run = async (): Promise<Step[]> => {
    const made = [started]
    while (made.length <= length) made.push(await browser.answer(made.at(-1) ?? started, { dummy: {} }))
    return made
  }
  return { browser, started, run }
}

/** Everything that a stream shows, to its end. */
async function all(stream: StepStream): Promise<Step[]> {
  const steps: Step[] = []
  for (;;) {
    const { value, done } = await stream.next()
    if (done) return steps
    if (!value.data) throw new Error(JSON.stringify(value))
    steps.push(value.data.flowExecution)
  }
}

describeJourneys('the steps of an execution', (ground) => {
  it('come to all who listen, in order, each of them once', async () => {
    const { browser, started, run } = await begun(ground)
    const listening = streamWays.flatMap(({ listen }) => [listen, listen])
    const shown = (await Promise.all(listening.map((listen) => listen(browser, started.id, 0)))).map(all)

    const made = await run()

    for (const steps of await Promise.all(shown)) expect(steps).toEqual(made)
  })

  describe.each(streamWays)('over $name', ({ listen }) => {
    it('come to who is cut off again and again, as if they had never left', async () => {
      const { browser, started, run } = await begun(ground)
      const running = run()
      const seen: Step[] = []
      for (let turn = 0; seen.at(-1)?.status !== 'FINISHED'; turn += 1) {
        const stream = await listen(browser, started.id, seen.at(-1)?.sequence ?? 0)
        for (let steps = 0; steps <= turn % 3 && seen.at(-1)?.status !== 'FINISHED'; steps += 1) seen.push(await nextStep(stream))
        await stream.return?.()
      }

      expect(seen).toEqual(await running)
    })

    it('are shown to who comes when it is over: all that were missed, and the end', async () => {
      const { browser, started, run } = await begun(ground)
      const made = await run()

      expect(await all(await listen(browser, started.id, 0))).toEqual(made)
      expect(await all(await listen(browser, started.id, length - 1))).toEqual(made.slice(length - 1))
      expect(await all(await listen(browser, started.id))).toEqual(made.slice(-1))
      expect(await all(await listen(browser, started.id, made.length))).toEqual([])
      expect(await all(await listen(browser, started.id, 2_147_483_647))).toEqual([])
    })
  })

  it('are counted by whole numbers', async () => {
    const { browser, started } = await begun(ground)
    const [{ listen }] = streamWays

    expect(await endOf(await listen(browser, started.id, 1.5))).toBe('BAD_USER_INPUT')
    expect(await endOf(await listen(browser, started.id, 2 ** 31))).toBe('BAD_USER_INPUT')
  })
})
