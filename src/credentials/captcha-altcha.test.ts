import { describe, expect, it } from 'vitest'
import { solveAltcha } from '../../test/support/altcha-widget.ts'
import { createAltchaTask, isFresh, solvesAltchaTask } from './captcha-altcha.ts'

const now = new Date('2026-03-01T12:00:00.000Z')
const tenMinutes = 10 * 60 * 1000
const keys = (purpose: string) => `a key for ${purpose}`
const later = (milliseconds: number) => new Date(now.getTime() + milliseconds)

const setTask = () => createAltchaTask(4, keys, now)

describe('a proof of work', () => {
  it('is asked for with a task that a widget understands, and another one each time', async () => {
    const task = await setTask()

    expect(task).toEqual({
      challenge: {
        parameters: {
          algorithm: 'PBKDF2/SHA-256',
          cost: 5000,
          expiresAt: Math.floor(later(tenMinutes).getTime() / 1000),
          keyLength: 32,
          keyPrefix: expect.stringMatching(/^[0-9a-f]{32}$/),
          keySignature: expect.stringMatching(/^[0-9a-f]{64}$/),
          nonce: expect.stringMatching(/^[0-9a-f]{32}$/),
          salt: expect.stringMatching(/^[0-9a-f]{32}$/),
        },
        signature: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
      expiresAt: later(tenMinutes).getTime(),
    })
    expect((await setTask()).challenge.signature).not.toBe(task.challenge.signature)
    expect(JSON.stringify(task)).not.toContain('a key for')
  })

  it('is accepted', async () => {
    const task = await setTask()

    expect(await solvesAltchaTask(task, await solveAltcha(task.challenge), keys, now)).toBe(true)
  })

  it.each([
    [1, 1, 1],
    [2, 1, 2],
    [9, 5, 9],
  ])('takes, of %i tries, between %i and %i', async (maxNumber, least, most) => {
    const counters = new Set<number>()
    for (let round = 0; round < 30; round += 1) {
      const task = await createAltchaTask(maxNumber, keys, now)
      await solveAltcha(task.challenge, ({ solution }) => counters.add(solution.counter))
    }

    expect(Math.min(...counters)).toBeGreaterThanOrEqual(least)
    expect(Math.max(...counters)).toBeLessThanOrEqual(most)
  })

  it('is accepted until the task expires', async () => {
    const task = await setTask()
    const payload = await solveAltcha(task.challenge)

    expect(isFresh(task, later(tenMinutes - 1))).toBe(true)
    expect(await solvesAltchaTask(task, payload, keys, later(tenMinutes - 1))).toBe(true)
    expect(isFresh(task, later(tenMinutes))).toBe(false)
    expect(await solvesAltchaTask(task, payload, keys, later(tenMinutes))).toBe(false)
  })

  it('of another task is refused', async () => {
    const [task, another] = [await setTask(), await setTask()]
    const payload = await solveAltcha(another.challenge)
    const borrowed = await solveAltcha(another.challenge, ({ solution }) => ({ challenge: task.challenge, solution }))

    expect(await solvesAltchaTask(task, payload, keys, now)).toBe(false)
    expect(await solvesAltchaTask(task, borrowed, keys, now)).toBe(false)
  })

  it('of a task that was made easier is refused', async () => {
    const task = await setTask()
    const easier = { ...task.challenge, parameters: { ...task.challenge.parameters, cost: 1, keyPrefix: '0' } }

    expect(await solvesAltchaTask(task, await solveAltcha(easier), keys, now)).toBe(false)
    expect(await solvesAltchaTask({ ...task, challenge: easier }, await solveAltcha(easier), keys, now)).toBe(false)
  })

  it('of a task that another server has set is refused', async () => {
    const task = await createAltchaTask(4, (purpose) => `another key for ${purpose}`, now)

    expect(await solvesAltchaTask(task, await solveAltcha(task.challenge), keys, now)).toBe(false)
  })

  it('that was not done is refused', async () => {
    const task = await setTask()
    const claimed = await solveAltcha(task.challenge, ({ challenge }) => ({
      challenge,
      solution: { counter: 0, derivedKey: `${challenge.parameters.keyPrefix}${'0'.repeat(32)}` },
    }))

    expect(await solvesAltchaTask(task, claimed, keys, now)).toBe(false)
  })

  it.each(['', 'no base64!', 'bm8gSlNPTg==', 'bnVsbA==', 'e30=', 'eyJjaGFsbGVuZ2UiOnt9fQ=='])(
    'is refused without a fuss when it is nonsense: %j',
    async (payload) => {
      expect(await solvesAltchaTask(await setTask(), payload, keys, now)).toBe(false)
    },
  )

  it.each([undefined, null, 'x', {}, { counter: 'x', derivedKey: 7 }])(
    'is refused without a fuss when the solution is %j',
    async (solution) => {
      const task = await setTask()
      const payload = await solveAltcha(task.challenge, ({ challenge }) => ({ challenge, solution }))

      expect(await solvesAltchaTask(task, payload, keys, now)).toBe(false)
    },
  )
})
