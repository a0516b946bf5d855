import { describe, expect, it } from 'vitest'
import { formContext, promptId, type SomePrompt, shownFields, submit } from '../../../test/support/prompt-forms.ts'
import { answered, configProblems, refusals, shown, stageContext } from '../../../test/support/stage-context.ts'
import { someUser } from '../../../test/support/stage-services.ts'
import type { JsonObject } from '../../flow/json.ts'
import { promptStage } from './prompt.stage.ts'
import { promptObject, promptTypes } from './prompt-object.ts'

const ada = someUser()
const username = { fieldKey: 'username', type: 'username' }
const password = { fieldKey: 'password', type: 'password' }
const repeat = { fieldKey: 'password_repeat', type: 'password' }
const team = { fieldKey: 'team', type: 'dropdown' }
const teams = { prompt_data: { team__choices: ['red', 'blue'] } }

const nonFieldErrors = (message: string) => ({
  type: 'invalid',
  errors: [{ field: 'nonFieldErrors', message, code: 'invalid' }],
  changes: {},
})

describe('the config of a prompt stage', () => {
  it('names prompts, which are its references, and policies', () => {
    const config = promptStage.config.parse({ fields: [promptId(1), promptId(2)] })

    expect(config).toEqual({ fields: [promptId(1), promptId(2)], validationPolicies: [] })
    expect(promptStage.references?.(config)).toEqual([promptId(1), promptId(2)])
    expect(promptStage.keyedField).toBe('answers')
  })

  it.each([
    [{}, 'fields'],
    [{ fields: [] }, 'fields'],
    [{ fields: ['a prompt'] }, 'fields.0'],
    [{ fields: [promptId(1)], validationPolicies: ['a policy'] }, 'validationPolicies.0'],
  ])('is refused: %j', (config, field) => {
    expect(configProblems(promptStage, config)).toEqual([field])
  })
})

describe('a prompt', () => {
  it('has defaults for all but its key, label and type', () => {
    expect(promptObject.config.parse({ fieldKey: 'name', label: 'Name', type: 'text' })).toEqual({
      fieldKey: 'name',
      label: 'Name',
      type: 'text',
      required: true,
      placeholder: '',
      initialValue: '',
      placeholderExpression: false,
      initialValueExpression: false,
      subText: '',
      order: 0,
    })
    expect(configProblems(promptObject, {})).toEqual(['fieldKey', 'label', 'type'])
    expect(promptStage.objects).toMatchObject([promptObject])
  })

  it('is of one of the known types', () => {
    expect(promptTypes.map((type) => configProblems(promptObject, { fieldKey: 'a', label: 'A', type }))).toEqual(
      promptTypes.map(() => []),
    )
    expect(configProblems(promptObject, { fieldKey: 'a', label: 'A', type: 'colour' })).toEqual(['type'])
  })

  it.each(['', 'component', '__proto__', 'attributes.__proto__.x', 'attributes.constructor', 'a.prototype', 'team__choices'])(
    'may not be called %j',
    (fieldKey) => {
      expect(configProblems(promptObject, { fieldKey, label: 'A', type: 'text' })).toEqual(['fieldKey'])
    },
  )
})

describe('the form', () => {
  it('shows the fields in order, those of one place as the stage lists them', async () => {
    const prompts = [
      { fieldKey: 'c', type: 'text', order: 5 },
      { fieldKey: 'a', type: 'text', order: -1 },
      { fieldKey: 'd', type: 'text', order: 5 },
      { fieldKey: 'b', type: 'text', order: 0 },
    ]

    expect((await shownFields(prompts)).map(({ fieldKey }) => fieldKey)).toEqual(['a', 'b', 'c', 'd'])
  })

  it('is the same however often it is fetched', async () => {
    const context = formContext([username, password, team], { context: teams })

    expect(await shown(promptStage, context)).toEqual(await shown(promptStage, context))
  })

  it('is refused where one of its fields is gone, and so is an answer', async () => {
    const options = { config: { fields: [promptId(0), promptId(1)] } }
    const context = formContext([username], options)

    expect(await promptStage.present(context)).toEqual({ type: 'deny', message: undefined })
    expect(await submit(context, { username: 'ada' })).toEqual({ type: 'deny', message: undefined })
    expect(await answered(promptStage, stageContext(promptStage, options), { answers: [] })).toMatchObject({ type: 'deny' })
  })
})

describe('the answers', () => {
  it.each([
    [{}, 'answers', 'This field is required.', 'required'],
    [{ answers: 'all' }, 'answers', 'Expected a list of items but got type "str".', 'not_a_list'],
    [
      { answers: Array.from({ length: 101 }, (_, index) => ({ key: `k${index}`, value: '' })) },
      'answers',
      'Ensure this field has no more than 100 elements.',
      'max_length',
    ],
    [{ answers: [{ value: 'x' }] }, 'answers.0.key', 'This field is required.', 'required'],
  ])('of the wrong form are refused by their schema', (answer, field, message, code) => {
    expect(refusals(promptStage, answer)).toEqual([{ field, message, code }])
  })

  it('say null where they say nothing, as GraphQL has no word for a JSON value that must be there', async () => {
    const verdict = await answered(promptStage, formContext([username]), { answers: [{ key: 'username' }] })

    expect(verdict).toMatchObject({ type: 'invalid', errors: [{ field: 'username', code: 'null' }] })
  })

  it('are merged into what the flow knows, and those to other fields are dropped', async () => {
    const context = formContext([username, { fieldKey: 'name', type: 'text' }], {
      context: { prompt_data: { name: 'A', age: 36 } },
    })

    expect(await submit(context, { username: 'grace', name: 'Grace', is_superuser: true, component: 'ak-stage-prompt' })).toEqual(
      {
        type: 'advance',
        changes: { context: { prompt_data: { name: 'Grace', age: 36, username: 'grace' } } },
      },
    )
  })

  it('are all judged before any is kept, and errors name the keys as they are', async () => {
    const prompts = [username, { fieldKey: 'attributes.settings.locale', type: 'ak-locale' }, { ...team, required: false }]
    const context = formContext(prompts, { context: teams, users: [ada] })
    const answers = { username: 'ada', 'attributes.settings.locale': '?', team: 'green' }

    expect(await submit(context, answers)).toEqual({
      type: 'invalid',
      errors: [
        { field: 'attributes.settings.locale', message: 'Enter a valid language tag.', code: 'invalid' },
        { field: 'team', message: '"green" is not a valid choice.', code: 'invalid_choice' },
        { field: 'username', message: 'Username is already taken.', code: 'invalid' },
      ],
      changes: {},
    })
  })

  it('are refused where one field is answered twice, even alike', async () => {
    const context = formContext([username])
    const twice = { answers: ['grace', 'grace'].map((value) => ({ key: 'username', value })) }

    expect(await answered(promptStage, context, twice)).toMatchObject({
      type: 'invalid',
      errors: [{ field: 'username', message: 'This field was answered more than once.', code: 'invalid' }],
    })
  })

  it('stop the checks across fields where one is wrong by itself', async () => {
    const judge = () => {
      throw new Error('No policy may be asked.')
    }
    const context = formContext([username, password, repeat], { judge, config: { validationPolicies: [promptId(9)] } })

    expect(await submit(context, { password: 'one', password_repeat: 'two' })).toMatchObject({
      errors: [{ field: 'username', code: 'required' }],
    })
    expect(await submit(context, { username: 'x', password: 'one', password_repeat: 'two' })).toEqual(
      nonFieldErrors("Passwords don't match."),
    )
  })

  it('may not set the choices of another field', async () => {
    const verdict = await submit(formContext([team], { context: teams }), { team__choices: ['green'], team: 'red' })

    expect(verdict).toMatchObject({ changes: { context: { prompt_data: { team: 'red', team__choices: ['red', 'blue'] } } } })
  })
})

describe('a user name', () => {
  const grace = someUser({ id: 8, username: 'Grace' })
  const people = [ada, grace]
  const taken = { type: 'invalid', errors: [{ field: 'username', message: 'Username is already taken.', code: 'invalid' }] }

  it.each([
    ['somebody new who calls themselves as another', {}, 'grace', taken],
    ['somebody new', {}, 'linus', { type: 'advance' }],
    ['the pending user, who keeps their name', { pendingUser: ada }, 'ADA', { type: 'advance' }],
    ['the pending user, who takes that of another', { pendingUser: ada }, 'GRACE', taken],
    ['the session user, who keeps their name', { sessionUser: ada }, 'ada', { type: 'advance' }],
    ['whoever is pending while another is signed in', { pendingUser: grace, sessionUser: ada }, 'ada', taken],
    [
      'somebody who only pretends to exist while another is signed in',
      { sessionUser: ada, context: { pending_user: { known: false, identifier: 'x' } } as const },
      'ada',
      taken,
    ],
  ])('is judged for %s', async (_, options, name, expected) => {
    expect(await submit(formContext([username], { ...options, users: people }), { username: name })).toMatchObject(expected)
  })

  it('that is optional and left out is not looked for', async () => {
    const context = formContext([{ ...username, required: false }])

    expect(await submit(context, { username: '' })).toMatchObject({ type: 'advance' })
    expect(context.users.lookups).toEqual([])
  })
})

describe('passwords', () => {
  it('never enter the plan: they are kept apart, over those before', async () => {
    const context = formContext([username, password, repeat], {
      secrets: { prompt_data: { password: 'old', pin: '1234' } },
      context: { prompt_data: { password: 'from a policy', age: 36 } },
    })

    expect(await submit(context, { username: 'ada', password: ' s3cret ', password_repeat: ' s3cret ' })).toEqual({
      type: 'advance',
      changes: {
        context: { prompt_data: { age: 36, username: 'ada' } },
        secrets: { prompt_data: { pin: '1234', password: ' s3cret ', password_repeat: ' s3cret ' } },
      },
    })
  })

  it.each([
    [{ password: 'one', password_repeat: 'two' }],
    [{ password: 'one', password_repeat: 'One' }],
    [{ password: 'one', password_repeat: 'one ' }],
  ])('must be equal where there are two: %j', async (answers) => {
    expect(await submit(formContext([password, repeat]), answers)).toEqual(nonFieldErrors("Passwords don't match."))
  })

  it('must be equal too where the second one is optional and missing', async () => {
    const context = formContext([password, { ...repeat, required: false }])

    expect(await submit(context, { password: 'one' })).toEqual(nonFieldErrors("Passwords don't match."))
  })

  it('are not compared where there are three', async () => {
    const context = formContext([password, repeat, { fieldKey: 'pin', type: 'password' }])

    expect(await submit(context, { password: 'a', password_repeat: 'b', pin: 'c' })).toMatchObject({ type: 'advance' })
  })
})

describe('validation policies', () => {
  const config = { validationPolicies: [promptId(8), promptId(9)] }
  const answers = { username: 'grace', password: 'one', password_repeat: 'one' }

  it('see this submission, passwords too, and no other', async () => {
    const asked: unknown[] = []
    const judge = (ids: readonly string[], context: JsonObject) => {
      asked.push([ids, context])
      return { passing: true, messages: ['Well done.'] }
    }
    const context = formContext([username, password, repeat], { config, judge, context: { prompt_data: { age: 36 } } })

    expect(await submit(context, answers)).toMatchObject({ type: 'advance' })
    expect(asked).toEqual([[config.validationPolicies, { prompt_data: answers }]])
  })

  it.each([[['Too short.', 'Too common.']], [[]]])('that fail refuse the form with their messages: %j', async (messages) => {
    const context = formContext([username, password, repeat], { config, judge: () => ({ passing: false, messages }) })

    expect(await submit(context, answers)).toEqual({
      type: 'invalid',
      errors: messages.map((message) => ({ field: 'nonFieldErrors', message, code: 'invalid' })),
      changes: {},
    })
  })

  it('are not asked for where there are none', async () => {
    const judge = () => ({ passing: false, messages: [] })
    const prompts: SomePrompt[] = [username]

    expect(await submit(formContext(prompts, { judge }), { username: 'grace' })).toMatchObject({ type: 'advance' })
  })
})
