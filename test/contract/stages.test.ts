import { describe, expect, it } from 'vitest'
import type { StageDefinition } from '../../src/flow/stage.ts'
import { readShape } from '../../src/shapes/shape.ts'
import type { ObjectShape } from '../../src/shapes/shape-kinds.ts'
import { stages } from '../../src/stages/index.ts'
import { answered, type ContextOptions, stageContext } from '../support/stage-context.ts'
import { someUser } from '../support/stage-services.ts'
import { askingConfig, leastConfig, sampleOf } from './samples.ts'

const ada = someUser()

/** Moments in which a stage may be met. */
const moments: readonly [string, ContextOptions][] = [
  ['nobody is named yet', {}],
  ['somebody is pending', { pendingUser: ada, users: [ada] }],
  ['somebody is pending who only pretends to exist', { context: { pending_user: { known: false, identifier: 'nobody' } } }],
  ['somebody is signed in', { sessionUser: ada, users: [ada] }],
]

const asContext = (stage: StageDefinition, options: ContextOptions) =>
  stageContext(stage, { ...options, config: askingConfig(stage) })

/** Whether something is on screen. */
const asks = (verdict: Awaited<ReturnType<StageDefinition['present']>>) => verdict.type === 'ask' || verdict.type === 'wait'

/** A verdict that was given before. What a question changed has happened: to ask for it again would send a mail twice. */
function repeated(verdict: Awaited<ReturnType<StageDefinition['present']>>): object {
  if (!asks(verdict)) return verdict
  const { changes: _, ...question } = verdict
  return question
}

const responseShape = (stage: StageDefinition): ObjectShape | undefined =>
  stage.response && readShape('Response', stage.response, 'input')

describe.each(stages.map((stage) => [stage.kind, stage] as const))('the kind %s', (_kind, stage) => {
  describe.each(moments)('when %s', (_, options) => {
    it('shows itself alike however often it is asked to', async () => {
      const first = await stage.present(asContext(stage, options))
      // A page that is reloaded comes with what the stage has kept.
      const kept = 'state' in first && first.state !== undefined ? { state: first.state } : {}
      const reloaded = asContext(stage, { ...options, ...kept })

      expect(await stage.present(reloaded)).toEqual(repeated(first))
      expect(await stage.present(reloaded)).toEqual(repeated(first))
    })

    it('never refuses what nobody has answered', async () => {
      expect((await stage.present(asContext(stage, options))).type).not.toBe('invalid')
    })

    it('shows only what its challenge declares', async () => {
      const verdict = await stage.present(asContext(stage, options))
      if (verdict.type !== 'ask' && verdict.type !== 'wait') return

      expect(stage.component).toBeDefined()
      expect(stage.challenge?.strict().safeParse(verdict.challenge).error).toBeUndefined()
    })

    it('does not let an empty answer pass, unless it asks nothing', async () => {
      const shape = responseShape(stage)
      if (!stage.response || !stage.answer || shape?.fields.length === 0) return
      if (!stage.response.safeParse({}).success) return
      const verdict = await answered(stage, asContext(stage, options), {})

      expect(['invalid', 'deny']).toContain(verdict.type)
    })

    it('never answers an answer with a question', async () => {
      const shape = responseShape(stage)
      if (!shape) return
      const verdict = await answered(stage, asContext(stage, options), sampleOf(shape) as object)

      expect(['ask', 'wait']).not.toContain(verdict.type)
    })
  })

  it('has all that it takes to ask, or nothing of it', () => {
    const parts = [stage.component, stage.challenge, stage.response, stage.answer].map((part) => part !== undefined)

    expect(new Set(parts).size).toBe(1)
  })

  it('ignores members of an answer that it does not know', () => {
    const shape = responseShape(stage)
    if (!stage.response || !shape) return
    const answer = sampleOf(shape) as object

    expect(stage.response.parse({ ...answer, component: stage.component, unheardOf: 1 })).toEqual(stage.response.parse(answer))
  })

  it('names no other stage than its config does', () => {
    const everything = stage.config.safeParse(sampleOf(readShape('Config', stage.config, 'input')))
    const config = everything.data ?? stage.config.parse(leastConfig(stage))
    const named = stage.references?.(config) ?? []

    expect(Object.values(config).flat()).toEqual(expect.arrayContaining([...named]))
  })

  it('is counted, if guesses are, and has a limit then', () => {
    expect(stage.guesses === undefined).toBe(stage.attemptLimit === undefined)
  })
})
