import { beforeAll, describe, expect, it } from 'vitest'
import { applyFlows } from '../support/default-flows.ts'
import { faces } from '../support/journey-clients.ts'
import { describeJourneys, signIn } from '../support/journeys.ts'
import type { Account } from '../support/test-app.ts'

const settings = 'default-user-settings-flow'

describeJourneys('the settings of a user', (ground) => {
  beforeAll(() => applyFlows(ground.app))

  const row = ({ id }: Account) => ground.prisma.user.findUniqueOrThrow({ where: { id } })

  describe.each(faces)('over %s', (_, Client) => {
    const opened = async (account: Account) => {
      const client = new Client(ground.app.url)
      await signIn(client, 'default-authentication-flow', account)
      return { client, shown: await client.start(settings) }
    }

    it('start with what stands, and change that and nothing else', async () => {
      const ada = await ground.person()
      const attributes = { settings: { locale: 'fr', theme: 'dark' }, team: 'engines' }
      await ground.prisma.user.update({ where: { id: ada.id }, data: { name: 'Ada', attributes } })
      const { client, shown } = await opened(ada)
      const before = await row(ada)

      expect(shown).toMatchObject({ kind: 'prompt', title: 'Update your info' })
      const fields = shown.fields.fields as { fieldKey: string; initialValue: string; required: boolean }[]
      expect(fields.map(({ fieldKey, initialValue }) => [fieldKey, initialValue])).toEqual([
        ['name', 'Ada'],
        ['attributes.settings.locale', 'fr'],
      ])
      expect(await client.answer('prompt', { name: 'Ada L.', 'attributes.settings.locale': 'de' })).toMatchObject({
        kind: 'redirect',
        to: '/',
      })
      expect(await row(ada)).toEqual({
        ...before,
        name: 'Ada L.',
        attributes: { settings: { locale: 'de', theme: 'dark' }, team: 'engines' },
        updatedAt: expect.any(Date),
      })
      expect(await client.whoAmI()).toBe(ada.username)
    })

    it('take nothing that is not asked for', async () => {
      const ada = await ground.person()
      const { client } = await opened(ada)
      const before = await row(ada)
      await client.answer('prompt', {
        name: 'Ada',
        'attributes.settings.locale': '',
        'attributes.team': 'owners',
        username: 'akadmin',
        email: 'mallory@example.test',
        is_active: false,
        password: 'a long and winding password',
      })

      const { username, email, isActive, passwordHash, attributes, name } = await row(ada)
      expect({ username, email, isActive, passwordHash }).toEqual({
        username: before.username,
        email: before.email,
        isActive: true,
        passwordHash: before.passwordHash,
      })
      expect(name).toBe('Ada')
      expect(attributes).not.toHaveProperty('team')
    })

    it('refuse a language that is none, and keep what stands', async () => {
      const ada = await ground.person()
      await ground.prisma.user.update({ where: { id: ada.id }, data: { name: 'Ada' } })
      const { client } = await opened(ada)

      expect(await client.answer('prompt', { name: 'Eve', 'attributes.settings.locale': 'no language' })).toMatchObject({
        kind: 'prompt',
        errors: [{ field: 'attributes.settings.locale' }],
      })
      expect(await row(ada)).toMatchObject({ name: 'Ada', attributes: {} })
    })

    it('are for nobody who is not signed in', async () => {
      expect(await new Client(ground.app.url).start(settings)).toMatchObject({ kind: 'access_denied' })
    })
  })
})
