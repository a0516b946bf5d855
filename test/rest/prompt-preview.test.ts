import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RestJourney } from '../support/rest-journey.ts'
import { seedFlow, signInStages } from '../support/seed.ts'
import { type Account, createAccount, startTestApp, type TestApp } from '../support/test-app.ts'

const path = '/api/v3/stages/prompt/prompts/preview/'
const prompt = {
  name: 'team',
  field_key: 'team',
  label: 'Team',
  type: 'text',
  placeholder: 'Red',
  initial_value: 'Blue',
  order: 3,
}

describe('the preview of a prompt', () => {
  let app: TestApp
  let administrator: RestJourney

  beforeAll(async () => {
    app = await startTestApp()
    await seedFlow(app.database, { slug: 'sign-in', stages: signInStages })
    administrator = await signedIn(await createAccount(app.database, 'root', { superuser: true }))
  })
  afterAll(() => app.close())

  async function signedIn({ username, password }: Account): Promise<RestJourney> {
    const client = new RestJourney(app.url)
    await client.start('sign-in')
    await client.answer('identification', { uidField: username })
    await client.answer('password', { password })
    return client
  }

  const preview = (json: unknown, client = administrator, headers = {}) => client.send('POST', path, { json, headers })

  it('is its stage with this one field', async () => {
    const response = await preview(prompt)

    expect(response.status).toBe(200)
    const shown = (await response.json()) as { fields: object[] }
    expect(Object.keys(shown).sort()).toEqual(['component', 'fields'])
    expect(shown).toMatchObject({
      component: 'ak-stage-prompt',
      fields: [
        {
          field_key: 'team',
          label: 'Team',
          type: 'text',
          required: true,
          placeholder: 'Red',
          initial_value: 'Blue',
          order: 3,
          sub_text: '',
          choices: null,
        },
      ],
    })
    expect(shown.fields).toHaveLength(1)
  })

  it('says what is wrong, by fields', async () => {
    const response = await preview({ ...prompt, type: 'hologram', label: undefined, field_key: '__proto__' })

    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({
      field_key: ['This key is reserved.'],
      label: ['This field is required.'],
      type: ['"hologram" is not a valid choice.'],
    })
  })

  it('is for administrators, whose page it is', async () => {
    const ada = await signedIn(await createAccount(app.database, 'ada'))

    expect((await preview(prompt, new RestJourney(app.url))).status).toBe(403)
    expect((await preview(prompt, ada)).status).toBe(403)
    expect((await preview(prompt, administrator, { 'x-authentik-csrf': 'made up' })).status).toBe(403)
    expect((await administrator.send('GET', path)).status).toBe(405)
  })
})
