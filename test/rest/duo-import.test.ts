import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { sha256Hex } from '../../src/credentials/random.ts'
import { createSecretBox } from '../../src/credentials/secret-box.ts'
import { SqlAuthenticatorDirectory } from '../../src/db/authenticators.ts'
import { type DuoServer, startDuoServer } from '../support/duo-server.ts'
import { RestJourney } from '../support/rest-journey.ts'
import { seedFlow, signInStages } from '../support/seed.ts'
import { type Account, createAccount, startTestApp, type TestApp } from '../support/test-app.ts'
import { stores } from '../support/test-database.ts'

type Import = 'import_device_manual' | 'import_devices_automatic'

describe.each(stores)('importing devices from Duo, on $name', ({ provider, available }) => {
  const test = it.skipIf(!available)
  let app: TestApp
  let duo: DuoServer
  let root: Account
  let administrator: RestJourney
  /** Without the Admin API, with it. */
  let plain: string
  let full: string
  let made = 0

  beforeAll(async () => {
    if (!available) return
    duo = await startDuoServer()
    app = await startTestApp({ provider, env: duo.env })
    duo.now = () => app.clock.now()
    root = await createAccount(app.database, 'root', { superuser: true })
    await seedFlow(app.database, { slug: 'sign-in', stages: signInStages })
    administrator = await signedIn(root)
  })
  beforeEach(async () => {
    if (!available) return
    const setUp = (config: object) => ({ kind: 'authenticator_duo', config: { ...duo.stageConfig, ...config } })
    duo.account.users.clear()
    made += 1
    const { stageIds } = await seedFlow(app.database, { slug: `set-up-${made}`, stages: [setUp({}), setUp(duo.adminConfig)] })
    const [first = '', second = ''] = stageIds
    plain = first
    full = second
  })
  afterAll(async () => {
    await app?.close()
    await duo?.close()
  })

  async function signedIn({ username, password }: Account): Promise<RestJourney> {
    const client = new RestJourney(app.url)
    await client.start('sign-in')
    await client.answer('identification', { uidField: username })
    await client.answer('password', { password })
    return client
  }

  const person = () => createAccount(app.database, `person${crypto.randomUUID().slice(0, 8)}`)

  async function send(what: Import, id: string, json?: unknown, client = administrator, headers: Record<string, string> = {}) {
    const path = `/api/v3/stages/authenticator/duo/${id}/${what}/`
    const response = await client.send('POST', path, { ...(json !== undefined && { json }), headers })
    const text = await response.text()
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
  }

  const importOne = (id: string, duoUserId: string, username: string) =>
    send('import_device_manual', id, { duo_user_id: duoUserId, username })

  /** What somebody can prove themselves with now. */
  const devicesOf = async ({ id }: Account) => {
    const directory = new SqlAuthenticatorDirectory(app.database.sql, createSecretBox(app.config.secretKeys))
    return (await directory.of(id)).map(({ kind, stageId, name, data }) => ({ kind, stageId, name, data }))
  }
  const imported = (stageId: string, duoUserId: string) => ({
    kind: 'duo',
    stageId,
    name: 'Imported Duo Authenticator',
    data: { duoUserId },
  })

  test('connects somebody with who they are at Duo, and notes who did it', async () => {
    const ada = await person()

    expect(await importOne(plain, 'DU1', ada.username)).toEqual({ status: 204, body: undefined })
    expect(await devicesOf(ada)).toEqual([imported(plain, 'DU1')])
    const events = await app.database.prisma.event.findMany({ where: { action: 'model_created' } })
    expect(events.at(-1)).toMatchObject({
      userId: root.id,
      username: 'root',
      context: { model: { model_name: 'duodevice', name: 'Imported Duo Authenticator', user: ada.id, username: ada.username } },
    })
  })

  test('connects one person at Duo once with a stage, whoever it is', async () => {
    const [ada, grace] = [await person(), await person()]
    await importOne(plain, 'DU1', ada.username)
    const before = await app.database.prisma.event.count()
    const exists = { status: 400, body: { non_field_errors: ['Device exists already.'] } }

    expect(await importOne(plain, 'DU1', ada.username)).toEqual(exists)
    expect(await importOne(plain, 'DU1', grace.username)).toEqual(exists)
    expect(await app.database.prisma.event.count()).toBe(before)
    expect((await importOne(full, 'DU1', ada.username)).status).toBe(204)
    expect([await devicesOf(grace), (await devicesOf(ada)).length]).toEqual([[], 2])
  })

  test('takes the place of what the person has begun', async () => {
    const ada = await person()
    const client = new RestJourney(app.url)
    await seedFlow(app.database, {
      slug: `begun-${made}`,
      stages: [{ kind: 'identification' }, { kind: 'authenticator_duo', config: duo.stageConfig }],
    })
    await client.start(`begun-${made}`)
    const shown = await client.answer('identification', { uidField: ada.username })
    expect(await devicesOf(ada)).toEqual([])

    expect((await importOne(String(shown.fields.stageUuid), 'DU1', ada.username)).status).toBe(204)
    expect(await app.database.prisma.authenticator.count({ where: { userId: ada.id } })).toBe(1)
  })

  test.each([
    ['somebody whom nobody knows', { duo_user_id: 'DU1', username: 'nobody' }, { non_field_errors: ['User does not exist.'] }],
    ['nothing', {}, { duo_user_id: ['This field is required.'], username: ['This field is required.'] }],
    [
      'blanks',
      { duo_user_id: '', username: '' },
      { duo_user_id: ['This field may not be blank.'], username: ['This field may not be blank.'] },
    ],
    ['what is no text', { duo_user_id: 5, username: 'root' }, { duo_user_id: ['Not a valid string.'] }],
  ])('is refused for %s', async (_, body, errors) => {
    expect(await send('import_device_manual', plain, body)).toEqual({ status: 400, body: errors })
  })

  test('knows people by their exact names', async () => {
    const ada = await person()

    expect((await importOne(plain, 'DU1', ada.username.toUpperCase())).status).toBe(400)
    expect((await importOne(plain, 'DU1', ada.email)).status).toBe(400)
  })

  test('connects everybody whom both know, and leaves what is there', async () => {
    const [ada, grace, alan] = [await person(), await person(), await person()]
    const [known, more] = [duo.add(ada.username), duo.add(grace.username)]
    duo.add('somebody whom only Duo knows')
    await importOne(full, known.userId, ada.username)

    expect(await send('import_devices_automatic', full)).toEqual({ status: 200, body: { error: '', count: 1 } })
    expect(await devicesOf(ada)).toEqual([imported(full, known.userId)])
    expect(await devicesOf(grace)).toEqual([imported(full, more.userId)])
    expect(await devicesOf(alan)).toEqual([])
    expect(await send('import_devices_automatic', full)).toEqual({ status: 200, body: { error: '', count: 0 } })
  })

  test('needs the Admin API for everybody', async () => {
    const refused = {
      status: 400,
      body: {
        non_field_errors: ['Stage does not have Admin API configured, which is required for automatic imports.'],
      },
    }

    expect(await send('import_devices_automatic', plain)).toEqual(refused)
  })

  test('tells why nobody was imported', async () => {
    duo.failNext('/admin/v1/users', { type: 'fail', code: 40_301, message: 'Access forbidden' })
    const failed = await send('import_devices_automatic', full)

    expect(failed).toMatchObject({ status: 400, body: { count: 0, error: expect.stringContaining('Access forbidden') } })
    for (const secret of [duo.admin.secretKey, duo.auth.secretKey]) expect(JSON.stringify(failed)).not.toContain(secret)
  })

  describe.each<Import>(['import_device_manual', 'import_devices_automatic'])('%s', (what) => {
    const body = { duo_user_id: 'DU1', username: 'root' }

    test('is for administrators', async () => {
      const ada = await person()
      const bare = new RestJourney(app.url)
      const notAllowed = { status: 403, body: { code: 'permission_denied' } }

      expect(await send(what, full, body, bare)).toMatchObject({ status: 403, body: { code: 'not_authenticated' } })
      expect(await send(what, full, body, await signedIn(ada))).toMatchObject(notAllowed)
      expect(await send(what, full, body, administrator, { 'x-authentik-csrf': 'made-up' })).toMatchObject(notAllowed)
      expect((await devicesOf(root)).filter(({ stageId }) => stageId === full)).toEqual([])
      expect((await send(what, full, body, bare, { authorization: `Bearer ${await tokenOf(root.id)}` })).status).toBeLessThan(300)
    })

    test.each(['6f2d1f0e-0c0b-4e5a-9a43-000000000001', 'nonsense'])('is not there for the stage %s', async (id) => {
      expect(await send(what, id, body)).toMatchObject({ status: 404, body: { code: 'not_found' } })
    })

    test('is not there for a stage of another kind', async () => {
      const { id } = await app.database.prisma.stage.findFirstOrThrow({ where: { kind: 'identification' } })

      expect(await send(what, id, body)).toMatchObject({ status: 404 })
    })

    test('is not read', async () => {
      const response = await administrator.send('GET', `/api/v3/stages/authenticator/duo/${full}/${what}/`)

      expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
    })
  })

  async function tokenOf(userId: number): Promise<string> {
    const key = crypto.randomUUID()
    const data = { identifier: key, keyHash: sha256Hex(key), intent: 'api', userId, expiring: false } as const
    await app.database.prisma.token.create({ data })
    return key
  }
})
