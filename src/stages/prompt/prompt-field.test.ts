import { describe, expect, it } from 'vitest'
import { outcome, type SomePrompt, shownFields } from '../../../test/support/prompt-forms.ts'
import type { ContextOptions } from '../../../test/support/stage-context.ts'
import { someUser } from '../../../test/support/stage-services.ts'
import type { JsonValue } from '../../flow/json.ts'

const settings = { designation: 'stage_configuration' } as const
const ada = someUser({ attributes: { settings: { locale: 'fr', theme: 'dark' }, phone: '+44 20 7946 0000', agrees: true } })

async function shownField(prompt: SomePrompt, options: ContextOptions = {}) {
  const [field] = await shownFields([prompt], options)
  return field ?? {}
}

const known = (key: string, value: JsonValue): ContextOptions => ({ context: { prompt_data: { [key]: value } } })

describe('a field on the wire', () => {
  it('says all that is configured, and the rules', async () => {
    const prompt = {
      fieldKey: 'attributes.phone',
      label: 'Phone',
      type: 'text',
      required: false,
      placeholder: '+44',
      initialValue: '+1',
      subText: '<b>So that we can call.</b>',
      order: 3,
    }

    expect(await shownField(prompt)).toEqual({
      fieldKey: 'attributes.phone',
      label: 'Phone',
      type: 'text',
      required: false,
      placeholder: '+44',
      initialValue: '+1',
      order: 3,
      subText: '<b>So that we can call.</b>',
      choices: null,
      readOnly: false,
      maxLength: 2000,
      autocomplete: 'tel',
      inputMode: 'tel',
    })
  })

  it.each([
    ['text', 'k', true, { minLength: 1, maxLength: 2000 }],
    ['text', 'k', false, { maxLength: 2000 }],
    ['text', 'name', true, { minLength: 1, maxLength: 500, autocomplete: 'name' }],
    ['text_area', 'k', false, { maxLength: 20_000 }],
    ['text_area', 'username', false, { maxLength: 150, autocomplete: 'username' }],
    ['username', 'k', true, { minLength: 1, maxLength: 150, autocomplete: 'username' }],
    ['password', 'password', true, { minLength: 1, maxLength: 4096, autocomplete: 'new-password' }],
    ['email', 'k', false, { maxLength: 254, pattern: '[^@]+@[^@]+\\.[^@]+', autocomplete: 'email', inputMode: 'email' }],
    ['file', 'k', false, { maxLength: 1_000_000 }],
    ['number', 'k', true, { inputMode: 'numeric' }],
    ['checkbox', 'k', true, {}],
    ['date', 'attributes.birthday', true, { autocomplete: 'bday' }],
    ['ak-locale', 'attributes.settings.locale', true, { maxLength: 64, autocomplete: 'language' }],
  ])('of the type %s called %s, required: %s, has the rules %j', async (type, fieldKey, required, rules) => {
    const field = await shownField({ fieldKey, type, required })
    const { minLength, maxLength, pattern, autocomplete, inputMode, readOnly } = field

    expect(readOnly).toBe(false)
    expect({ minLength, maxLength, autocomplete, inputMode, pattern: type === 'ak-locale' ? undefined : pattern }).toEqual(rules)
  })

  it.each([
    'text_read_only',
    'text_area_read_only',
    'static',
    'separator',
    'alert_info',
    'alert_warning',
    'alert_danger',
    'hidden',
  ])('of the type %s is read-only and has no rules', async (type) => {
    const field = await shownField({ fieldKey: 'name', type })

    expect(field).toMatchObject({ readOnly: true, type })
    expect(field).not.toHaveProperty('maxLength')
    expect(field).not.toHaveProperty('minLength')
    expect(field.autocomplete).toBe(type === 'hidden' ? 'off' : undefined)
  })
})

describe('the placeholder', () => {
  it('is the literal, also of an expression, and never from the context', async () => {
    expect(await shownField({ fieldKey: 'k', type: 'text', placeholder: 'Here' }, known('k', 'there'))).toMatchObject({
      placeholder: 'Here',
      initialValue: 'there',
    })
    expect(await shownField({ fieldKey: 'k', type: 'text', placeholder: 'return 1', placeholderExpression: true })).toMatchObject(
      {
        placeholder: 'return 1',
      },
    )
  })

  it.each(['dropdown', 'radio-button-group'])('of the type %s is empty: it is the only choice', async (type) => {
    expect(await shownField({ fieldKey: 'k', type, placeholder: 'one' })).toMatchObject({
      placeholder: '',
      choices: [{ label: 'one', value: 'one' }],
      initialValue: 'one',
    })
  })
})

describe('the choices', () => {
  const choices = (value: JsonValue, extra: Partial<SomePrompt> = {}) =>
    shownField({ fieldKey: 'k', type: 'dropdown', placeholder: 'literal', ...extra }, known('k__choices', value))

  it.each([
    [
      'texts, booleans and numbers',
      ['test', true, 42],
      [
        ['test', 'test'],
        ['True', 'True'],
        ['42', '42'],
      ],
    ],
    [
      'labelled values',
      [{ label: 'Red', value: 'r' }, { value: 7 }],
      [
        ['Red', 'r'],
        ['7', '7'],
      ],
    ],
    ['one value', 'only', [['only', 'only']]],
  ] as const)('from the context are %s', async (_, value, pairs) => {
    expect((await choices(value)).choices).toEqual(pairs.map(([label, text]) => ({ label, value: text })))
  })

  it('are null where there are none, and then nothing is chosen', async () => {
    expect(await choices([], { initialValue: 'x' })).toMatchObject({ choices: null, initialValue: '' })
    expect(await shownField({ fieldKey: 'k', type: 'dropdown', initialValue: 'x' })).toMatchObject({
      choices: null,
      initialValue: '',
    })
  })

  it('start with the first one, unless another one is named', async () => {
    expect(await choices(['a', 'b'])).toMatchObject({ initialValue: 'a' })
    expect(await choices(['a', 'b'], { initialValue: 'b' })).toMatchObject({ initialValue: 'b' })
    expect(await choices(['a', 'b'], { initialValue: 'c' })).toMatchObject({ initialValue: 'a' })
  })

  it('keep a value from the context that is one of them, whatever its type', async () => {
    const context = { prompt_data: { k__choices: ['a', true], k: true } }

    expect(await shownField({ fieldKey: 'k', type: 'dropdown' }, { context })).toMatchObject({ initialValue: 'True' })
    expect(await outcome({ fieldKey: 'k', type: 'dropdown' }, {}, { context })).toBe('True')
  })

  it('of other types there are none', async () => {
    expect(await shownField({ fieldKey: 'k', type: 'text' }, known('k__choices', ['a']))).toMatchObject({ choices: null })
  })
})

describe('the initial value', () => {
  const initial = async (prompt: Partial<SomePrompt>, options: ContextOptions = {}) =>
    (await shownField({ fieldKey: 'k', type: 'text', ...prompt }, options)).initialValue

  it('is what the flow knows, before the literal; texts, booleans and numbers are spelled', async () => {
    expect(await initial({ initialValue: 'literal' })).toBe('literal')
    expect(await initial({ initialValue: 'return user.name', initialValueExpression: true })).toBe('return user.name')
    expect(await initial({ initialValue: 'literal' }, known('k', 'known'))).toBe('known')
    expect(await initial({ initialValue: 'literal' }, known('k', ''))).toBe('')
    expect(await initial({}, known('k', true))).toBe('True')
    expect(await initial({ type: 'number' }, known('k', 42))).toBe('42')
    expect(await initial({}, known('k', null))).toBe('')
    expect(await initial({ fieldKey: 'toString' }, known('k', 'x'))).toBe('')
  })

  it.each([
    ['true', 'True'],
    ['anything', 'True'],
    ['false', ''],
    ['False', ''],
    ['', ''],
  ])('of a checkbox with the literal %j is %j', async (initialValue, expected) => {
    expect(await initial({ type: 'checkbox', initialValue })).toBe(expected)
  })

  it('of a checkbox is what the flow knows', async () => {
    expect(await initial({ type: 'checkbox', initialValue: 'true' }, known('k', false))).toBe('')
    expect(await initial({ type: 'checkbox' }, known('k', true))).toBe('True')
  })

  it.each([
    ['username', 'ada'],
    ['name', 'Ada Lovelace'],
    ['email', 'ada@example.test'],
    ['attributes.settings.locale', 'fr'],
    ['attributes.agrees', 'True'],
    ['attributes.settings.none', ''],
    ['attributes.none.at.all', ''],
    ['attributes.toString', ''],
    ['attributes', ''],
    ['id', ''],
    ['path', ''],
    ['passwordHash', ''],
  ])('of %s in a settings flow is what stands: %j', async (fieldKey, expected) => {
    expect(await initial({ fieldKey }, { flow: settings, sessionUser: ada })).toBe(expected)
    expect(await initial({ fieldKey }, { flow: settings, pendingUser: ada, sessionUser: someUser({ username: 'grace' }) })).toBe(
      expected,
    )
  })

  it('is what stands rather than an expression that nobody evaluates, but not rather than a literal or what is known', async () => {
    const options = { flow: settings, sessionUser: ada }

    expect(await initial({ fieldKey: 'name', initialValue: 'return 1', initialValueExpression: true }, options)).toBe(
      'Ada Lovelace',
    )
    expect(await initial({ fieldKey: 'name', initialValue: 'literal' }, options)).toBe('literal')
    expect(await initial({ fieldKey: 'name' }, { ...options, ...known('name', 'typed') })).toBe('typed')
  })

  it('says nothing of people in other flows, nor of a name that nobody has', async () => {
    const context = { pending_user: { known: false, identifier: 'nobody' } } as const

    expect(await initial({ fieldKey: 'email' }, { sessionUser: ada })).toBe('')
    expect(await initial({ fieldKey: 'email' }, { pendingUser: ada })).toBe('')
    expect(await initial({ fieldKey: 'email' }, { flow: settings, sessionUser: ada, context })).toBe('')
  })

  it('of a password is only ever its literal', async () => {
    const options = { flow: settings, sessionUser: ada, secrets: { prompt_data: { name: 'sealed' } } }

    expect(await initial({ fieldKey: 'name', type: 'password' }, { ...options, ...known('name', 'known') })).toBe('')
    expect(await initial({ fieldKey: 'name', type: 'password' }, options)).toBe('')
    expect(await initial({ type: 'password', initialValue: 'changeme' })).toBe('changeme')
  })
})
