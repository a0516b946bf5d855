import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { readShape } from './shape.ts'
import { compileFromWire, compileToWire } from './wire.ts'

const schema = z.object({
  pendingUser: z.string().optional().describe('Who.'),
  flowInfo: z
    .object({ cancelUrl: z.string().describe('Where to give up.') })
    .nullable()
    .describe('The flow.'),
  allTokens: z
    .array(z.object({ tokenId: z.int().describe('Which.') }))
    .default([])
    .describe('The tokens.'),
  expiresAt: z.date().optional().describe('Until when.'),
  openData: z.record(z.string(), z.unknown()).optional().describe('What a prompt asked for.'),
})
const shape = readShape('Sample', schema, 'output')
const toWire = compileToWire(shape)
const fromWire = compileFromWire(shape)

describe('to the wire', () => {
  it('renames what is declared, at every depth, and nothing in an open record', () => {
    const value = {
      pendingUser: 'ada',
      flowInfo: { cancelUrl: '/' },
      allTokens: [{ tokenId: 1 }, { tokenId: 2 }],
      openData: { someKey: { innerKey: 1 }, other_key: 2 },
    }

    expect(toWire(value)).toEqual({
      pending_user: 'ada',
      flow_info: { cancel_url: '/' },
      all_tokens: [{ token_id: 1 }, { token_id: 2 }],
      open_data: { someKey: { innerKey: 1 }, other_key: 2 },
    })
  })

  it('leaves out what is undefined and sends null as null', () => {
    expect(Object.entries(toWire({ pendingUser: undefined, flowInfo: null }) as object)).toEqual([['flow_info', null]])
  })

  it('leaves out what is not declared', () => {
    expect(toWire({ flowInfo: null, secretSeed: 'x' })).toEqual({ flow_info: null })
  })

  it('says dates in ISO 8601, and lets texts be', () => {
    expect(toWire({ expiresAt: new Date(0) })).toEqual({ expires_at: '1970-01-01T00:00:00.000Z' })
    expect(toWire({ expiresAt: '1970-01-01T00:00:00Z' })).toEqual({ expires_at: '1970-01-01T00:00:00Z' })
  })
})

describe('from the wire', () => {
  it('drops what is not declared, camelCase spellings too', () => {
    expect(fromWire({ component: 'ak-stage-dummy', pendingUser: 'eve', pending_user: 'ada' })).toEqual({ pendingUser: 'ada' })
  })

  it.each([null, 1, 'text', true, undefined].map((value) => [value]))('returns %j as it is', (value) => {
    expect(fromWire(value)).toBe(value)
  })

  it('returns a list as it is where an object belongs', () => {
    expect(fromWire([{ pending_user: 'ada' }])).toEqual([{ pending_user: 'ada' }])
  })

  it('lets wrong types through, to be judged', () => {
    const wrong = { pending_user: 1, flow_info: 'x', all_tokens: { token_id: 1 }, expires_at: [], open_data: 3 }

    expect(fromWire(wrong)).toEqual({ pendingUser: 1, flowInfo: 'x', allTokens: { token_id: 1 }, expiresAt: [], openData: 3 })
    expect(fromWire({ all_tokens: ['x', null, [{ token_id: 1 }]] })).toEqual({ allTokens: ['x', null, [{ token_id: 1 }]] })
  })

  it('is not led to a prototype', () => {
    const hostile = JSON.parse(
      '{"__proto__": {"pending_user": "eve", "isAdmin": true}, "constructor": {"prototype": {"isAdmin": true}}, "flow_info": {"__proto__": {"cancel_url": "x"}}}',
    )
    const value = fromWire(hostile) as { flowInfo: object }

    expect(value).toEqual({ flowInfo: {} })
    for (const object of [value, value.flowInfo]) expect(Object.getPrototypeOf(object)).toBe(Object.prototype)
    expect({}).not.toHaveProperty('isAdmin')
  })

  it('takes nothing that was inherited', () => {
    expect(fromWire(Object.create({ pending_user: 'eve' }))).toEqual({})
  })
})

describe('a shape other than an object', () => {
  it('is spelled as well', () => {
    const list = compileToWire({ type: 'list', element: shape, constraints: {}, nullable: false })
    const any = compileToWire({ type: 'json', record: true, nullable: false })

    expect(list([{ pendingUser: 'ada' }])).toEqual([{ pending_user: 'ada' }])
    expect(any({ someKey: 1 })).toEqual({ someKey: 1 })
  })
})
