import { expect, it } from 'vitest'
import { mailLanguages } from './mail-languages.ts'

it.each([
  [{ settings: { locale: 'pt_BR' } }, ['pt-BR', 'de']],
  [{ settings: { locale: '' } }, ['de']],
  [{ settings: { locale: 7 } }, ['de']],
  [{ settings: null }, ['de']],
  [undefined, ['de']],
])('somebody with %j and a German browser is written to in %j', (attributes, languages) => {
  expect(mailLanguages(attributes, ['de'])).toEqual(languages)
})
