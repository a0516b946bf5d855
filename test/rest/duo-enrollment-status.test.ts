import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { probePath } from '../../src/rest/probe-routes.ts'
import { mostQuestions } from '../../src/stages/authenticator-duo/enrollment.ts'
import { stages } from '../../src/stages/index.ts'
import { type DuoServer, startDuoServer } from '../support/duo-server.ts'
import type { OpenApiDocument } from '../support/json-schemas.ts'
import { RestJourney } from '../support/rest-journey.ts'
import { seedFlow, signInStages } from '../support/seed.ts'
import { type Account, createAccount, startTestApp, type TestApp } from '../support/test-app.ts'
import { stores } from '../support/test-database.ts'

const pathOf = (id: string | undefined) => `/api/v3/stages/authenticator/duo/${id}/enrollment_status/`

describe.each(stores)('asking whether Duo is set up, on $name', ({ provider, available }) => {
  const test = it.skipIf(!available)
  let app: TestApp
  let duo: DuoServer
  let stageId: string
  let otherStageId: string

  beforeAll(async () => {
    if (!available) return
    duo = await startDuoServer()
    app = await startTestApp({ provider, env: duo.env })
    duo.now = () => app.clock.now()
    const setUp = { kind: 'authenticator_duo', config: duo.stageConfig }
    const identification = { kind: 'identification' }
    stageId = (await seedFlow(app.database, { slug: 'set-up', stages: [identification, setUp] })).stageIds[1] ?? ''
    otherStageId = (await seedFlow(app.database, { slug: 'other', stages: [identification, setUp] })).stageIds[1] ?? ''
    await seedFlow(app.database, { slug: 'sign-in', stages: signInStages })
    await seedFlow(app.database, { slug: 'signed-in', stages: [setUp], flow: { authentication: 'require_authenticated' } })
  })
  afterAll(async () => {
    await app?.close()
    await duo?.close()
  })

  const person = () => createAccount(app.database, `person${crypto.randomUUID().slice(0, 8)}`)

  /** Somebody who is shown what to scan. */
  async function scanning(ada: Account, slug = 'set-up') {
    const client = new RestJourney(app.url)
    await client.start(slug)
    await client.answer('identification', { uidField: ada.username })
    return client
  }

  async function ask(client: RestJourney, id = stageId, headers: Record<string, string> = {}) {
    const response = await client.send('POST', pathOf(id), { headers })
    const text = await response.text()
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
  }

  test('is answered as Duo says, and asked of Duo each time', async () => {
    const ada = await person()
    const client = await scanning(ada)
    const asked = () => duo.requestsTo('/auth/v2/enroll_status').length
    const before = asked()

    expect(await ask(client)).toEqual({ status: 200, body: { duo_response: 'waiting' } })
    expect(await ask(client)).toEqual({ status: 200, body: { duo_response: 'waiting' } })
    expect(asked()).toBe(before + 2)
    duo.activate(ada.username)
    expect(await ask(client)).toEqual({ status: 200, body: { duo_response: 'success' } })
    duo.failNext('/auth/v2/enroll_status', { type: 'response', response: 'invalid' })
    expect(await ask(client)).toEqual({ status: 200, body: { duo_response: 'invalid' } })
    duo.failNext('/auth/v2/enroll_status', { type: 'reply', status: 503 })
    expect(await ask(client)).toEqual({ status: 200, body: { duo_response: 'waiting' } })
  })

  test('is nobody else’s business', async () => {
    const client = await scanning(await person())
    const stranger = new RestJourney(app.url)
    const nothing = { status: 400, body: undefined }

    expect(await ask(stranger)).toEqual(nothing)
    expect(await ask(await scanning(await person(), 'other'))).toEqual(nothing)
    expect(await ask(client, otherStageId)).toEqual(nothing)
    expect((await ask(client, stageId.toUpperCase())).status).toBe(200)
  })

  test('has no answer before there is anything to activate, nor after', async () => {
    const ada = await person()
    const early = new RestJourney(app.url)
    await early.start('set-up')
    expect(await ask(early)).toEqual({ status: 400, body: undefined })

    duo.failNext('/auth/v2/enroll', { type: 'reply', status: 503 })
    expect(await ask(await scanning(ada))).toEqual({ status: 400, body: undefined })

    const grace = await person()
    const client = await scanning(grace)
    duo.activate(grace.username)
    await client.answer('authenticator_duo')
    expect(await ask(client)).toEqual({ status: 400, body: undefined })
  })

  test.each(['6f2d1f0e-0c0b-4e5a-9a43-000000000001', 'nonsense', '%00'])('is not there for the stage %s', async (id) => {
    expect(await ask(await scanning(await person()), id)).toMatchObject({ status: 404, body: { code: 'not_found' } })
  })

  test('is not there for a stage of another kind', async () => {
    const { id } = await app.database.prisma.stage.findFirstOrThrow({ where: { kind: 'identification' } })

    expect(await ask(await scanning(await person()), id)).toMatchObject({ status: 404, body: { code: 'not_found' } })
  })

  test('is not read', async () => {
    const response = await new RestJourney(app.url).send('GET', pathOf(stageId))

    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
  })

  test('takes the CSRF header of who is signed in', async () => {
    const ada = await person()
    const client = new RestJourney(app.url)
    await client.start('sign-in')
    await client.answer('identification', { uidField: ada.username })
    await client.answer('password', { password: ada.password })
    const shown = await client.start('signed-in')
    const id = String(shown.fields.stageUuid)

    expect(await ask(client, id)).toEqual({ status: 200, body: { duo_response: 'waiting' } })
    expect(await ask(client, id, { 'x-authentik-csrf': 'made-up' })).toMatchObject({
      status: 403,
      body: { detail: expect.stringMatching(/^CSRF Failed/) },
    })
  })

  test('ends where it is asked without end', async () => {
    const client = await scanning(await person())
    const before = duo.requestsTo('/auth/v2/enroll_status').length
    for (let asked = 0; asked < mostQuestions; asked += 1) await ask(client)
    const response = await client.send('POST', pathOf(stageId))

    expect(response.status).toBe(429)
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(duo.requestsTo('/auth/v2/enroll_status').length - before).toBe(mostQuestions)
    expect(await ask(await scanning(await person()))).toMatchObject({ status: 200 })
  })

  test('stands in the OpenAPI document, as everything does that stages are asked', async () => {
    const { paths } = (await (await fetch(`${app.url}/api/v3/schema/`)).json()) as OpenApiDocument
    const probes = stages.flatMap(({ kind, probes = {} }) =>
      Object.keys(probes).map((name) => probePath(kind, name, '{stage_uuid}')),
    )

    expect(probes).toContain('/stages/authenticator/duo/{stage_uuid}/enrollment_status/')
    expect(Object.keys(paths)).toEqual(expect.arrayContaining(probes))
  })
})
