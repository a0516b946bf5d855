import { afterAll, describe, expect, it } from 'vitest'
import { Browser } from '../support/browser-requests.ts'
import { GraphQLJourney } from '../support/graphql-journey.ts'
import { faces } from '../support/journey-clients.ts'
import type { View } from '../support/journey-view.ts'
import { describeJourneys, type Ground, signIn } from '../support/journeys.ts'
import { providerClient, startOpenIdProvider } from '../support/openid-provider.ts'
import { RestJourney } from '../support/rest-journey.ts'

/** Ways to write that somebody should end up elsewhere. */
const spellings = [
  'https://evil.example/',
  'HTTPS://evil.example',
  'https:evil.example',
  'https:/evil.example',
  'https:\\\\evil.example',
  '//evil.example/',
  '///evil.example',
  '////evil.example',
  '//evil.example\\@login.example.test/',
  '//login.example.test@evil.example/',
  '/\\evil.example/',
  '\\/evil.example',
  '\\\\evil.example',
  '/\t/evil.example',
  '/\n/evil.example',
  '/\r\n/evil.example',
  '\t//evil.example',
  ' //evil.example',
  '\u0000//evil.example',
  '/\u0000/evil.example',
  '%2f%2fevil.example',
  '/%09/evil.example',
  '/%2f/evil.example',
  '/%5cevil.example',
  '%68ttps://evil.example',
  '／／evil.example',
  '/／evil.example',
  '/。/evil.example',
  '/.//evil.example',
  '/..//evil.example',
  '/a/..//evil.example',
  '/\u00a0/evil.example',
  '/\u2028/evil.example',
  './/evil.example',
  '@evil.example',
  ':80@evil.example',
  'evil.example',
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'java\nscript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:x',
  'blob:https://evil.example/x',
  'file:///etc/passwd',
] as const

const origin = 'https://login.example.test'
const provider = await startOpenIdProvider(['http://localhost:9000/source/oauth/callback/redirects/'])
afterAll(() => provider.close())

/** Where a browser ends up that is on one of our pages and follows this, once, and again as a page that resolves it twice. */
function leads(to: string): string {
  const once = new URL(to, `${origin}/if/flow/sign-in/`)
  return new URL(once.pathname + once.search, origin).origin === origin ? once.origin : 'elsewhere'
}

describeJourneys('an address to go on to', (ground) => {
  describe.each(faces)('over %s', (_, Client) => {
    it('leads nobody elsewhere at the end of a flow', async () => {
      const { slug } = await ground.flow({ stages: [{ kind: 'dummy' }] })
      for (const next of spellings) {
        const client = new Client(ground.app.url)
        const { cancelUrl = '' } = await client.start(slug, String(new URLSearchParams({ next })))
        staysHere(await client.answer('dummy'), next)
        expect(leads(cancelUrl), next).toBe(origin)
      }
    })

    it('leads nobody elsewhere whom a flow refuses', async () => {
      for (const deniedAction of ['message_continue', 'continue'] as const) {
        const { slug } = await ground.flow({ policies: [{ result: false }], flow: { deniedAction } })
        for (const next of spellings) {
          staysHere(await new Client(ground.app.url).start(slug, String(new URLSearchParams({ next }))), next)
          staysHere(await denied(ground, slug, next), next)
        }
      }
    })
  })

  it('leads nobody elsewhere who gives up', async () => {
    const { slug } = await ground.flow({ stages: [{ kind: 'dummy' }] })
    for (const next of spellings) {
      const client = new GraphQLJourney(ground.app.url)
      await client.start(slug, String(new URLSearchParams({ next })))
      staysHere(await client.perform('CANCEL'), next)
    }
  })

  it('leads nobody elsewhere who opens an address of ours', async () => {
    const { app } = ground
    const { stageIds } = await ground.flow({ stages: [{ kind: 'dummy' }] })
    const [stranger, known] = [new Browser(app.url), new GraphQLJourney(app.url)]
    await signIn(known, (await ground.flow()).slug, await ground.person())
    for (const next of spellings) {
      const [query, part] = [new URLSearchParams({ next }), encodeURIComponent(next)]
      const ways = ['cancel', 'default/authentication', 'default/invalidation', `configure/${stageIds[0]}`]
      const addresses = [...ways.map((way) => `/flows/-/${way}/?${query}`), `/flows/-/configure/${part}/`, `/if/flow/${part}/`]
      for (const address of addresses) {
        for (const browser of [stranger, known]) {
          const location = (await browser.send('GET', address)).headers.get('location')
          if (location !== null) expect(leads(location), address).toBe(origin)
        }
      }
    }
  })

  it('leads nobody elsewhere who comes back from a source', async () => {
    const ada = await ground.person()
    const source = await oneSource(ground)
    const { slug } = await ground.flow({ stages: [{ kind: 'source', config: { source } }, { kind: 'user_login' }] })
    provider.visitor = `subject-${ada.id}`
    const connection = { source, identifier: provider.visitor, userId: ada.id, createdAt: new Date() }
    await ground.prisma.sourceConnection.create({ data: connection })
    for (const next of spellings.filter((_, index) => index % 4 === 0)) {
      const client = new GraphQLJourney(ground.app.url)
      const shown = await client.start(slug, String(new URLSearchParams({ next, return_to: next })))
      const { pathname, search } = new URL(await provider.visit(String(shown.fields.to)))
      const location = (await client.send('GET', pathname + search)).headers.get('location') ?? ''

      expect(new URL(location).origin, next).toBe(new URL(ground.app.config.publicUrl).origin)
      expect(await client.whoAmI()).toBe(ada.username)
    }
  })
})

/** Whoever goes on at all goes on here. */
function staysHere({ kind, to }: View, next: string): void {
  expect(['redirect', 'access_denied'], next).toContain(kind)
  if (to !== undefined) expect(leads(to), next).toBe(origin)
}

/** A refusal over REST, where authentik's clients say again where to go on to. */
async function denied({ app }: Ground, slug: string, next: string): Promise<View> {
  const search = new URLSearchParams({ next, query: String(new URLSearchParams({ next })) })
  return new RestJourney(app.url).open(`/api/v3/flows/executor/${slug}/?${search}`)
}

async function oneSource({ prisma }: Ground): Promise<string> {
  const { id: consumerKey, secret: consumerSecret } = providerClient
  const config = { slug: 'redirects', consumerKey, consumerSecret, oidcWellKnownUrl: provider.wellKnownUrl }
  const where = { kind_name: { kind: 'oauth_source', name: 'redirects' } }
  return (await prisma.stageObject.upsert({ where, create: { name: 'redirects', kind: 'oauth_source', config }, update: {} })).id
}
