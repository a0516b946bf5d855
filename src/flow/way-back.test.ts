import { describe, expect, it } from 'vitest'
import { newPlan } from './plan.ts'
import type { Run } from './run.ts'
import { mostCheckpoints, wentBack, withCheckpoint, withoutDeadEnds } from './way-back.ts'

const at = (binding: string, run: Partial<Run> = {}): Run =>
  ({
    plan: { ...newPlan([], {}, {}), bindings: [binding] },
    states: {},
    secrets: {},
    status: 'active',
    effects: [],
    checkpoints: [],
    ...run,
  }) as unknown as Run

const nobody = async () => undefined

describe('the way back', () => {
  it('is so long, and no longer', async () => {
    let run = at('screen 0')
    for (let passed = 0; passed <= mostCheckpoints; passed += 1) {
      run = { ...withCheckpoint(run), plan: { ...run.plan, bindings: [`screen ${passed + 1}`] } }
    }
    for (let left = mostCheckpoints; left > 0; left -= 1) {
      run = (await wentBack(run, nobody)) ?? run
      expect(run.plan.bindings).toEqual([`screen ${left}`])
    }

    expect(await wentBack(run, nobody)).toBeUndefined()
  })

  it('brings back what stages kept for each other', async () => {
    const before = at('form', { secrets: { password: 'typed' }, states: { form: { seen: true } } })
    const after = { ...withCheckpoint(before), secrets: {}, states: {} }

    expect(await wentBack(after, nobody)).toMatchObject({ secrets: { password: 'typed' }, states: { form: { seen: true } } })
  })

  it.each(['sign_in', 'sign_out', 'create_user', 'delete_user', 'use_invitation', 'use_flow_token'])(
    'is cut off by %s, which cannot be undone',
    (type) => {
      const run = { ...withCheckpoint(at('form')), effects: [{ type } as never] }

      expect(withoutDeadEnds(run).checkpoints).toEqual([])
    },
  )

  it('is left open by what does no harm', () => {
    const run = { ...withCheckpoint(at('form')), effects: [{ type: 'audit' } as never, { type: 'renew_session' } as const] }

    expect(withoutDeadEnds(run).checkpoints).toHaveLength(1)
  })
})
