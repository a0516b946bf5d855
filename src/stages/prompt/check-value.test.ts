import { afterEach, describe, expect, it, vi } from 'vitest'
import { outcome, type SomePrompt, shownFields } from '../../../test/support/prompt-forms.ts'
import type { ContextOptions } from '../../../test/support/stage-context.ts'
import type { JsonValue } from '../../flow/json.ts'

const key = 'attributes.thing'
const known = (value: JsonValue): ContextOptions => ({ context: { prompt_data: { [key]: value } } })
const choices = (...values: JsonValue[]): ContextOptions => ({ context: { prompt_data: { [`${key}__choices`]: values } } })

const kept = (type: string, value: JsonValue, about: Partial<SomePrompt> = {}, options: ContextOptions = {}) =>
  outcome({ fieldKey: key, type, ...about }, { [key]: value }, options)
const unanswered = (type: string, about: Partial<SomePrompt> = {}, options: ContextOptions = {}) =>
  outcome({ fieldKey: key, type, ...about }, {}, options)

const refusal = (message: string, code = 'invalid') => [{ field: key, message, code }]
const required = refusal('This field is required.', 'required')
const blank = refusal('This field may not be blank.', 'blank')
const notAText = refusal('Not a valid string.')
const dateFormat = refusal('Date has wrong format. Use one of these formats instead: YYYY-MM-DD.')
const momentFormat = refusal(
  'Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].',
)
const file = 'data:text/plain;base64,aGVsbG8='

describe('an answer', () => {
  it.each([
    ['text', ' as typed ', ' as typed '],
    ['text_area', 'two\nlines ', 'two\nlines '],
    ['username', ' ada ', 'ada'],
    ['email', ' ada@example.test ', 'ada@example.test'],
    ['email', "o'hara+list@mail.example.test", "o'hara+list@mail.example.test"],
    ['number', 42, 42],
    ['number', -7, -7],
    ['number', '42', 42],
    ['number', ' -7 ', -7],
    ['checkbox', true, true],
    ['checkbox', false, false],
    ['checkbox', 'true', true],
    ['checkbox', 'False', false],
    ['date', '2026-02-28', '2026-02-28'],
    ['date-time', '2026-03-01T12:00:00Z', '2026-03-01T12:00:00Z'],
    ['date-time', '2026-03-01T12:00:00+02:00', '2026-03-01T10:00:00Z'],
    ['date-time', '2026-03-01T12:00', '2026-03-01T12:00:00Z'],
    ['date-time', '2026-03-01T12:00:00.25', '2026-03-01T12:00:00.250Z'],
    ['file', file, file],
    ['ak-locale', 'pt-BR', 'pt-BR'],
    ['ak-locale', 'pt_BR', 'pt-BR'],
    ['ak-locale', '', ''],
  ])('of the type %s: %j is kept as %j', async (type, value, expected) => {
    expect(await kept(type, value)).toEqual(expected)
  })

  it.each([
    ['text', '', blank],
    ['text', 7, notAText],
    ['text', true, notAText],
    ['text', ['x'], notAText],
    ['text', { toString: 'x' }, notAText],
    ['text', 'x'.repeat(2001), refusal('Ensure this field has no more than 2000 characters.', 'max_length')],
    ['text', 'a\0b', refusal('Null characters are not allowed.', 'null_characters_not_allowed')],
    ['text_area', 'x'.repeat(20_001), refusal('Ensure this field has no more than 20000 characters.', 'max_length')],
    ['username', '   ', blank],
    ['username', 'x'.repeat(151), refusal('Ensure this field has no more than 150 characters.', 'max_length')],
    ['email', '', blank],
    ['email', 'ada', refusal('Enter a valid email address.')],
    ['email', 'ada@example', refusal('Enter a valid email address.')],
    ['email', 'ada@example..test', refusal('Enter a valid email address.')],
    ['email', 'ada@example.test\nbcc: all@example.test', refusal('Enter a valid email address.')],
    ['email', `${'x'.repeat(250)}@x.test`, refusal('Ensure this field has no more than 254 characters.', 'max_length')],
    ['number', 1.5, refusal('A valid integer is required.')],
    ['number', '1.5', refusal('A valid integer is required.')],
    ['number', 'x', refusal('A valid integer is required.')],
    ['number', '', refusal('A valid integer is required.')],
    ['number', true, refusal('A valid integer is required.')],
    ['number', 2 ** 53, refusal('Ensure this value is less than or equal to 9007199254740991.', 'max_value')],
    ['checkbox', 'perhaps', refusal('Must be a valid boolean.')],
    ['checkbox', 1, refusal('Must be a valid boolean.')],
    ['date', '2026-02-29', dateFormat],
    ['date', '01.03.2026', dateFormat],
    ['date', '2026-03-01T12:00:00Z', dateFormat],
    ['date-time', '2026-03-01', momentFormat],
    ['date-time', 'tomorrow', momentFormat],
    ['file', 'foo', refusal('Invalid scheme')],
    ['file', 'https://example.test/x;base64,aGVsbG8=', refusal('Invalid scheme')],
    ['file', 'data:text/plain,hello', refusal('Invalid encoding')],
    ['file', 'data:text/plain;base64', refusal('Invalid encoding')],
    ['file', 'data:text/plain,aGVsbG8=', refusal('Invalid encoding')],
    ['file', 'data:text/plain;base64,a', refusal('Invalid encoding')],
    ['file', 'data:text/plain;base64,<b>!', refusal('Invalid encoding')],
    ['file', `${file}${'A'.repeat(1_000_000)}`, refusal('Ensure this field has no more than 1000000 characters.', 'max_length')],
    ['ak-locale', 'x', refusal('Enter a valid language tag.')],
    ['ak-locale', 'de-', refusal('Enter a valid language tag.')],
    ['ak-locale', '../de', refusal('Enter a valid language tag.')],
  ])('of the type %s is refused: %j', async (type, value, expected) => {
    expect(await kept(type, value)).toEqual(expected)
  })

  it.each(['text', 'username', 'email', 'password', 'number', 'checkbox', 'dropdown', 'date', 'date-time', 'file', 'ak-locale'])(
    'of the type %s is never null, required or not',
    async (type) => {
      expect(await kept(type, null)).toEqual(refusal('This field may not be null.', 'null'))
      expect(await kept(type, null, { required: false })).toEqual(refusal('This field may not be null.', 'null'))
    },
  )

  it.each([
    ['text', ''],
    ['text_area', ''],
    ['username', ''],
    ['email', ''],
    ['file', ''],
    ['dropdown', ''],
    ['number', null],
    ['date', null],
    ['date-time', null],
  ])('of the type %s may be blank where it is optional, and is kept as %j', async (type, expected) => {
    expect(await kept(type, '', { required: false }, choices('a'))).toBe(expected)
  })

  it.each([
    ['', 'x'.repeat(150), 'x'.repeat(151), 150, 'username'],
    ['', 'x'.repeat(500), 'x'.repeat(501), 500, 'name'],
  ])('%s has no more characters than an account has room for', async (_, fits, tooLong, most, fieldKey) => {
    const prompt = { fieldKey, type: 'text' }

    expect(await outcome(prompt, { [fieldKey]: fits })).toBe(fits)
    expect(await outcome(prompt, { [fieldKey]: tooLong })).toEqual([
      { field: fieldKey, message: `Ensure this field has no more than ${most} characters.`, code: 'max_length' },
    ])
  })
})

describe('a moment without an offset', () => {
  afterEach(() => vi.unstubAllEnvs())

  it('is in UTC, wherever the server stands', async () => {
    vi.stubEnv('TZ', 'America/New_York')

    expect(await kept('date-time', '2026-03-01T12:00')).toBe('2026-03-01T12:00:00Z')
  })
})

describe.each(['radio-button-group', 'dropdown'])('a choice (%s)', (type) => {
  it.each([
    ['test', 'test'],
    [true, 'True'],
    ['True', 'True'],
    [42, '42'],
  ])('takes %j', async (value, expected) => {
    expect(await kept(type, value, {}, choices('test', true, 42))).toBe(expected)
  })

  it.each([['x'], [''], [false], [{ value: 'test' }], [['test']]])('refuses %j', async (value) => {
    const text = typeof value === 'string' ? value : value === false ? 'False' : JSON.stringify(value)

    expect(await kept(type, value, {}, choices('test', true))).toEqual(
      refusal(`"${text}" is not a valid choice.`, 'invalid_choice'),
    )
  })

  it('refuses everything where there is nothing to choose', async () => {
    expect(await kept(type, 'x')).toEqual(refusal('"x" is not a valid choice.', 'invalid_choice'))
    expect(await unanswered(type)).toEqual(required)
  })

  it('that is not made is the first one', async () => {
    expect(await unanswered(type, {}, choices('test', 'other'))).toBe('test')
  })
})

describe('a field that is not answered', () => {
  it.each(['text', 'username', 'email', 'number', 'date', 'date-time', 'file', 'ak-locale'])(
    'of the type %s is refused where it is required',
    async (type) => {
      expect(await unanswered(type)).toEqual(required)
      expect(await unanswered(type, { required: false })).toBeUndefined()
    },
  )

  it('that is a checkbox never is', async () => {
    expect(await unanswered('checkbox')).toBeUndefined()
    expect(await unanswered('checkbox', { initialValue: 'true' })).toBe(true)
  })

  it('has its initial value, in its own type', async () => {
    expect(await unanswered('text', { initialValue: 'literal' })).toBe('literal')
    expect(await unanswered('number', { initialValue: '42' })).toBe(42)
    expect(await unanswered('text', { initialValue: 'literal' }, known('known'))).toBe('known')
    expect(await unanswered('text', { initialValue: 'literal' }, known(''))).toEqual(required)
  })

  it('does not have an initial value that nobody could answer', async () => {
    expect(await unanswered('email', { initialValue: 'return user.email', initialValueExpression: true })).toEqual(required)
    expect(await unanswered('number', { initialValue: 'many', required: false })).toBeUndefined()
  })

  it('may not be answered blank because it has an initial value', async () => {
    expect(await kept('text', '', { initialValue: 'literal' })).toEqual(blank)
  })
})

describe('a field that is only shown', () => {
  it.each(['hidden', 'static', 'text_read_only', 'text_area_read_only'])(
    'of the type %s has the value of the server, whatever is answered',
    async (type) => {
      expect(await kept(type, 'mine', { initialValue: 'theirs' })).toBe('theirs')
      expect(await kept(type, 'mine', { initialValue: 'theirs' }, known('known'))).toBe('known')
      expect(await kept(type, 'mine', {}, known({ any: ['JSON'] }))).toEqual({ any: ['JSON'] })
      expect(await kept(type, 'mine')).toBe('')
      expect(await unanswered(type)).toBe('')
    },
  )

  it.each(['separator', 'alert_info', 'alert_warning', 'alert_danger'])('of the type %s has none', async (type) => {
    expect(await kept(type, 'mine', { initialValue: 'theirs' })).toBeUndefined()
    expect(await unanswered(type)).toBeUndefined()
  })
})

describe('the rules that are shown', () => {
  const samples = [
    '',
    'a',
    'ada',
    'ada@example',
    'ada@example.test',
    'a@b@c.test',
    'de',
    'pt-BR',
    'zh_Hant_TW',
    'x-',
    'ä',
    'x'.repeat(300),
  ]

  it.each(['text', 'text_area', 'username', 'ak-locale', 'password'])(
    'refuse what the server does, and no more: %s',
    async (type) => {
      const [field] = await shownFields([{ fieldKey: key, type }])
      const { minLength = 0, maxLength, pattern = '.*' } = field as { minLength?: number; maxLength: number; pattern?: string }
      const whole = new RegExp(`^(?:${pattern})$`, 'v')
      for (const sample of samples) {
        const fits = sample.length >= minLength && sample.length <= maxLength && (sample === '' || whole.test(sample))
        expect([sample, !Array.isArray(await kept(type, sample))]).toEqual([sample, fits])
      }
    },
  )
})
