import { describe, expect, it } from 'vitest'
import { configProblems, stageContext } from '../../../test/support/stage-context.ts'
import { denyStage } from './deny.stage.ts'

describe('a deny stage', () => {
  it.each([
    ['without a message of its own', {}, {}, undefined],
    ['with the configured message', { denyMessage: 'Not today.' }, {}, 'Not today.'],
    ['with what a policy says instead', { denyMessage: 'Not today.' }, { deny_message: 'Never.' }, 'Never.'],
    [
      'with the configured message where a policy says nothing',
      { denyMessage: 'Not today.' },
      { deny_message: '' },
      'Not today.',
    ],
  ])('refuses everybody, %s', async (_, config, context, message) => {
    expect(await denyStage.present(stageContext(denyStage, { config, context }))).toEqual({ type: 'deny', message })
  })

  it('has a default for its message, and takes texts only', () => {
    expect(denyStage.config.parse({})).toEqual({ denyMessage: '' })
    expect(configProblems(denyStage, { denyMessage: ['No.'] })).toEqual(['denyMessage'])
    expect(configProblems(denyStage, { denyMessage: 'x'.repeat(1001) })).toEqual(['denyMessage'])
  })
})
