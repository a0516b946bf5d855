import { describe, expect, it } from 'vitest'
import { answered, type ContextOptions, shown, stageContext } from '../../../test/support/stage-context.ts'
import { someUser } from '../../../test/support/stage-services.ts'
import { inbuiltBackend } from '../../credentials/password-backends.ts'
import { identificationStage } from './identification.stage.ts'

const [corp, chat, ldap] = [1, 2, 3].map((digit) => `0b7f3a5e-6f0e-4b57-8d3f-3a1d9a0c002${digit}`) as [string, string, string]
const passwordStage = '0b7f3a5e-6f0e-4b57-8d3f-3a1d9a0c0009'

const source = { kind: 'oauth_source', slug: 'corp', enabled: true, promoted: false, icon: '' }

const identifying = (objects: NonNullable<ContextOptions['objects']>, options: ContextOptions = {}) =>
  stageContext(identificationStage, {
    users: [someUser()],
    objects,
    ...options,
    config: { userFields: ['username'], sources: Object.keys(objects), ...options.config },
  })

const button = { iconUrl: null, promoted: false }
const leadingTo = (to: string) => ({ component: 'xak-flow-redirect', to, finalRedirect: false })

describe('the sources beside the field for the name', () => {
  it('are shown by their names, and say where their buttons lead', async () => {
    const icon = 'https://cdn.example.test/chat.svg'
    const challenge = await shown(
      identificationStage,
      identifying(
        { [corp]: source, [chat]: { ...source, slug: 'a chat', icon, promoted: true } },
        { config: { sources: [chat, corp], showSourceLabels: true } },
      ),
    )

    expect(challenge).toMatchObject({ showSourceLabels: true })
    expect(challenge.sources).toEqual([
      { ...button, name: `object ${corp}`, challenge: leadingTo('/source/oauth/login/corp/') },
      { name: `object ${chat}`, iconUrl: icon, promoted: true, challenge: leadingTo('/source/oauth/login/a%20chat/') },
    ])
  })

  it.each<[string, object]>([
    ['disabled ones', { enabled: false }],
    ['those without a page to sign in at', { kind: 'ldap_source' }],
    ['what is no source', { kind: 'prompt' }],
    ['what is called like a member of every object', { kind: 'constructor' }],
  ])('leave out %s', async (_, about) => {
    const context = identifying({ [corp]: source, [ldap]: { ...source, ...about } })

    expect((await shown(identificationStage, context)).sources).toMatchObject([{ name: `object ${corp}` }])
  })

  it('leave out what was deleted, and what the stage does not name', async () => {
    const context = identifying({ [corp]: source, [chat]: source }, { config: { sources: [corp, ldap] } })

    expect((await shown(identificationStage, context)).sources).toMatchObject([{ name: `object ${corp}` }])
  })
})

describe('an identification stage with sources alone', () => {
  const alone = (options: ContextOptions = {}) =>
    identifying({ [corp]: source }, { ...options, config: { userFields: [], ...options.config } })

  it('shows no field', async () => {
    expect(await shown(identificationStage, alone())).toMatchObject({ userFields: [], sources: [{ promoted: false }] })
  })

  it.each<[string, ContextOptions]>([
    ['pretends or not', { config: { pretendUserExists: true } }],
    ['asks for a password or not', { config: { passwordStage }, stages: { [passwordStage]: { backends: [inbuiltBackend] } } }],
  ])('takes no name, whether it %s', async (_, options) => {
    for (const context of [alone(), alone(options)]) {
      expect(await answered(identificationStage, context, { uidField: 'ada', password: 'correct horse' })).toMatchObject({
        type: 'invalid',
        errors: [{ field: 'nonFieldErrors', message: 'Failed to authenticate.', code: 'invalid' }],
      })
      expect(context.users.lookups).toEqual([])
    }
  })

  it('is not answered by a hint', async () => {
    expect(await shown(identificationStage, alone({ context: { pending_user_identifier: 'ada' } }))).toMatchObject({
      userFields: [],
      pendingUserIdentifier: 'ada',
    })
  })
})
