import { describe, expect, it } from 'vitest'
import { Clock } from '../../test/support/clock.ts'
import { RememberedHandles } from './remembered-handles.ts'

function remembering(most: number) {
  const clock = new Clock()
  return { clock, handles: new RememberedHandles(most, () => clock.now()) }
}

describe('remembered session handles', () => {
  it('are found by the cookie that carried them', () => {
    const { handles } = remembering(10)
    handles.set('sealed', 'handle', 60)

    expect(handles.get('sealed')).toBe('handle')
    expect(handles.get('another')).toBeUndefined()
  })

  it('are kept no longer than they hold', () => {
    const { handles, clock } = remembering(10)
    handles.set('sealed', 'handle', 60)
    clock.advance(59)
    expect(handles.get('sealed')).toBe('handle')

    clock.advance(1)
    expect(handles.get('sealed')).toBeUndefined()
  })

  it('never fill the memory: the oldest makes room', () => {
    const { handles } = remembering(3)
    for (const name of ['a', 'b', 'c', 'd', 'e']) handles.set(name, `handle ${name}`, 60)

    expect(handles.size).toBe(3)
    expect(['a', 'b', 'c', 'd', 'e'].map((name) => handles.get(name))).toEqual([
      undefined,
      undefined,
      'handle c',
      'handle d',
      'handle e',
    ])
  })

  it('make no room for one that is known, which counts as new', () => {
    const { handles } = remembering(2)
    handles.set('a', 'first', 60)
    handles.set('b', 'second', 60)
    handles.set('a', 'first again', 60)
    expect([handles.get('a'), handles.get('b')]).toEqual(['first again', 'second'])

    handles.set('c', 'third', 60)
    expect([handles.get('a'), handles.get('b'), handles.get('c')]).toEqual(['first again', undefined, 'third'])
  })
})
