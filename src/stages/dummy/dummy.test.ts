import { describe, expect, it } from 'vitest'
import { answered, configProblems, refusals, shown, stageContext } from '../../../test/support/stage-context.ts'
import { dummyStage } from './dummy.stage.ts'

describe('a dummy stage', () => {
  it('shows its own name, however often it is fetched', async () => {
    const context = stageContext(dummyStage, { name: 'rehearsal' })

    expect(await shown(dummyStage, context)).toEqual({ name: 'rehearsal' })
    expect(await shown(dummyStage, context)).toEqual({ name: 'rehearsal' })
  })

  it.each([{}, { anything: 'at all' }])('lets every answer pass: %j', async (answer) => {
    expect(refusals(dummyStage, answer)).toEqual([])
    expect(await answered(dummyStage, stageContext(dummyStage), answer)).toEqual({ type: 'advance', changes: {} })
  })

  it('fails where it is told to, and then lets no answer pass either', async () => {
    const context = () => stageContext(dummyStage, { config: { throwError: true } })

    expect(() => dummyStage.present(context())).toThrow('This stage was told to fail.')
    await expect(answered(dummyStage, context(), {})).rejects.toThrow('This stage was told to fail.')
  })

  it('works unless told otherwise', () => {
    expect(dummyStage.config.parse({})).toEqual({ throwError: false })
    expect(configProblems(dummyStage, { throwError: 'yes' })).toEqual(['throwError'])
  })
})
