import { expect, it } from 'vitest'
import { languagesOf } from './languages.ts'

it.each([
  ['de-AT,de;q=0.9,en;q=0.8', ['de-AT', 'de', 'en']],
  ['en;q=0.2, fr;q=0.7', ['fr', 'en']],
  ['de;q=0, *;q=0.5, pt-BR', ['pt-BR']],
  ['../../etc/passwd, d/e, a_b', []],
  ['', []],
  [undefined, []],
  [`de,${'x'.repeat(600)}`, []],
] as const)('the languages in %j are %j', (header, languages) => {
  expect(languagesOf(header)).toEqual(languages)
})

it('are ten at most', () => {
  expect(languagesOf(Array.from({ length: 20 }, (_, index) => `aa-${index}`).join(','))).toHaveLength(10)
})
