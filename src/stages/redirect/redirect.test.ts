import { describe, expect, it } from 'vitest'
import {
  answered,
  type ContextOptions,
  configProblems,
  refusals,
  shown,
  stageContext,
} from '../../../test/support/stage-context.ts'
import { redirectStage } from './redirect.stage.ts'

const flow = '0b7f3a5e-6f0e-4b57-8d3f-3a1d9a0c0001'
const toSite = { mode: 'static', targetStatic: 'https://example.test/start' }
const toFlow = { mode: 'flow', targetFlow: flow }
const flows = { [flow]: 'enroll' }

const redirecting = (config: object, options: ContextOptions = {}) => stageContext(redirectStage, { flows, ...options, config })
const overridden = (target: string) => ({ context: { redirect_stage_target: target } })

describe('the config of a redirect stage', () => {
  it('keeps the context unless told otherwise', () => {
    expect(redirectStage.config.parse(toSite)).toEqual({ ...toSite, targetFlow: null, keepContext: true })
  })

  it.each([
    ['no mode', {}, ['mode']],
    ['a mode that does not exist', { mode: 'elsewhere' }, ['mode']],
    ['a static target that is missing', { mode: 'static' }, ['targetStatic']],
    ['a static target that is a flow', { mode: 'static', targetFlow: flow }, ['targetStatic']],
    ['a target flow that is missing', { mode: 'flow', targetStatic: 'https://example.test/' }, ['targetFlow']],
    ['a target flow that is named by its slug', { mode: 'flow', targetFlow: 'enroll' }, ['targetFlow']],
  ])('is refused with %s', (_, config, fields) => {
    expect(configProblems(redirectStage, config)).toEqual(fields)
  })
})

describe('a redirect to a URL', () => {
  it('shows where to go, and that the flow is not over', async () => {
    const context = redirecting(toSite)

    expect(await shown(redirectStage, context)).toEqual({ to: 'https://example.test/start', finalRedirect: false })
    expect(await shown(redirectStage, context)).toEqual(await shown(redirectStage, context))
  })

  it('goes where a policy says instead', async () => {
    const context = redirecting(toSite, overridden('https://elsewhere.test/'))

    expect(await shown(redirectStage, context)).toEqual({ to: 'https://elsewhere.test/', finalRedirect: false })
  })

  it('is passed by a client that comes back', async () => {
    const verdict = await answered(redirectStage, redirecting(toSite), { to: 'https://example.test/start' })

    expect(verdict).toEqual({ type: 'advance', changes: {} })
  })

  it.each([
    [{}, 'This field is required.', 'required'],
    [{ to: '' }, 'This field may not be blank.', 'blank'],
    [{ to: 7 }, 'Not a valid string.', 'invalid'],
  ])('takes no answer without an address: %j', (answer, message, code) => {
    expect(refusals(redirectStage, answer)).toEqual([{ field: 'to', message, code }])
  })
})

describe('a redirect into a flow', () => {
  it.each([true, false])('goes on with that flow, keeping the context: %s', async (keepContext) => {
    const verdict = await redirectStage.present(redirecting({ ...toFlow, keepContext }))

    expect(verdict).toEqual({ type: 'switch_flow', slug: 'enroll', keepContext })
  })

  it('may be what a policy makes of a redirect to a URL', async () => {
    const verdict = await redirectStage.present(redirecting(toSite, overridden('ak-flow://enroll')))

    expect(verdict).toEqual({ type: 'switch_flow', slug: 'enroll', keepContext: true })
  })

  it('may be replaced by a policy with a redirect to a URL', async () => {
    const context = redirecting(toFlow, overridden('https://elsewhere.test/'))

    expect(await shown(redirectStage, context)).toMatchObject({ to: 'https://elsewhere.test/' })
  })

  it('that a policy names wrongly falls back to the configured target', async () => {
    const unknown = overridden('ak-flow://no-such-flow')

    expect(await shown(redirectStage, redirecting(toSite, unknown))).toMatchObject({ to: 'https://example.test/start' })
    expect(await redirectStage.present(redirecting(toFlow, unknown))).toMatchObject({ type: 'switch_flow', slug: 'enroll' })
  })

  it('lets nobody pass when the flow was deleted', async () => {
    expect(await redirectStage.present(redirecting(toFlow, { flows: {} }))).toEqual({ type: 'deny', message: undefined })
  })
})
