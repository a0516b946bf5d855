import { describe, expect, it } from 'vitest'
import { answered, configProblems, shown, stageContext } from '../../../test/support/stage-context.ts'
import { someUser } from '../../../test/support/stage-services.ts'
import { staticCodeHash } from '../../credentials/static-codes.ts'
import { authenticatorStaticStage as stage } from './authenticator-static.stage.ts'

const ada = someUser()

describe('giving out recovery codes', () => {
  it('shows as many as configured, and the same ones after a reload', async () => {
    const verdict = await stage.present(stageContext(stage, { pendingUser: ada, config: { tokenCount: 3, tokenLength: 10 } }))
    const state = verdict.type === 'ask' ? verdict.state : undefined
    const { codes } = await shown(stage, stageContext(stage, { pendingUser: ada, state }))

    expect(verdict).toMatchObject({ type: 'ask', challenge: { codes } })
    expect(codes).toHaveLength(3)
    for (const code of codes as string[]) expect(code).toHaveLength(10)
  })

  it('keeps hashes of exactly those that were shown', async () => {
    const context = stageContext(stage, { sessionUser: ada, state: { codes: ['one', 'two'] } })
    const verdict = await answered(stage, context, {})

    expect(verdict).toMatchObject({
      type: 'advance',
      changes: {
        effects: [
          {
            authenticator: {
              userId: ada.id,
              kind: 'static',
              name: 'Static Token',
              data: { codes: ['one', 'two'].map(staticCodeHash) },
            },
          },
        ],
      },
    })
    expect(JSON.stringify(verdict)).not.toContain('"one"')
  })

  it('is not for who only pretends to exist, whoever is signed in', async () => {
    const pretended = stageContext(stage, { sessionUser: ada, context: { pending_user: { known: false, identifier: 'x' } } })

    expect(await stage.present(pretended)).toMatchObject({ type: 'deny' })
  })

  it('passes by who is nobody, and never keeps codes that nobody saw', async () => {
    expect(await stage.present(stageContext(stage))).toMatchObject({ type: 'advance' })
    expect(await answered(stage, stageContext(stage, { pendingUser: ada }), {})).toMatchObject({ type: 'deny' })
  })

  it('gives out no codes that could be guessed', () => {
    expect(configProblems(stage, { tokenLength: 7 })).toEqual(['tokenLength'])
    expect(configProblems(stage, { tokenCount: 0 })).toEqual(['tokenCount'])
    expect(stage.config.parse({})).toEqual({ friendlyName: '', tokenCount: 6, tokenLength: 12 })
  })
})
