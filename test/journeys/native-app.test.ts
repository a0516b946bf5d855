import { expect, it } from 'vitest'
import type { RequestOptions } from '../support/browser-requests.ts'
import { GraphQLJourney } from '../support/graphql-journey.ts'
import { describeJourneys, signIn } from '../support/journeys.ts'

/** An app without cookies: it asks for a session in a header, keeps it, and sends it back as a bearer token. */
class NativeApp extends GraphQLJourney {
  session: string | undefined

  override async send(method: string, path: string, { json }: RequestOptions = {}): Promise<Response> {
    const own = this.session === undefined ? { 'stagedoor-session': 'new' } : { authorization: `Bearer ${this.session}` }
    const response = await fetch(this.url + path, {
      method,
      headers: { 'content-type': 'application/json', ...own },
      body: JSON.stringify(json),
    })
    this.session = response.headers.get('stagedoor-session') ?? this.session
    expect(response.headers.getSetCookie()).toEqual([])
    return response
  }
}

describeJourneys('an app without cookies', (ground) => {
  it('signs in, and out, and gets another session token each time', async () => {
    const [{ slug }, ada] = [await ground.flow(), await ground.person()]
    const leaving = await ground.flow({ flow: { designation: 'invalidation' }, stages: [{ kind: 'user_logout' }] })
    const app = new NativeApp(ground.app.url)
    await app.start(slug)
    const anonymous = app.session

    expect(await signIn(app, slug, ada)).toMatchObject({ kind: 'redirect', to: '/' })

    const signedIn = app.session
    expect(await app.whoAmI()).toBe(ada.username)
    expect(signedIn).not.toBe(anonymous)
    await app.start(leaving.slug)
    expect(app.session).not.toBe(signedIn)
    expect(await app.whoAmI()).toBeUndefined()
  })

  it('gets a lost reply again with the token of before, and the new token with it', async () => {
    const [{ slug }, ada] = [await ground.flow(), await ground.person()]
    const app = new NativeApp(ground.app.url)
    await app.start(slug)
    await app.answer('identification', { uidField: ada.username })
    const [session, step] = [app.session, app.step]
    const done = await app.answer('password', { password: ada.password })

    const again = new NativeApp(ground.app.url)
    Object.assign(again, { session, step })

    expect(await again.answer('password', { password: ada.password })).toEqual(done)
    expect(again.session).toBe(app.session)
    expect(await ground.events('login', ada.id)).toBe(1)
  })
})
