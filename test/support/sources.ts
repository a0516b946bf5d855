import type { GraphQLJourney } from './graphql-journey.ts'
import type { JourneyClient } from './journey-view.ts'
import type { Ground } from './journeys.ts'
import { type OpenIdProvider, providerClient, startOpenIdProvider } from './openid-provider.ts'
import type { RestJourney } from './rest-journey.ts'
import type { SeedStage } from './seed.ts'

/** Where the server thinks that it is. */
export const publicUrl = 'http://localhost:9000'
const slugs = Array.from({ length: 100 }, (_, index) => `corp${index}`)

/** A provider, and sources that lead to it. */
export class Sources {
  readonly provider: OpenIdProvider
  private made = 0

  constructor(provider: OpenIdProvider) {
    this.provider = provider
  }

  /** The next test begins with a provider that knows nobody and tells the truth. */
  forget(): void {
    this.provider.visitor = undefined
    this.provider.tampering.clear()
  }

  /** A source of its own. */
  async newSource({ prisma }: Ground, config: object = {}) {
    const slug = slugs[this.made] ?? 'too-many'
    this.made += 1
    const { id } = await prisma.stageObject.create({
      data: {
        name: `Corp ${slug}`,
        kind: 'oauth_source',
        config: {
          slug,
          consumerKey: providerClient.id,
          consumerSecret: providerClient.secret,
          oidcWellKnownUrl: this.provider.wellKnownUrl,
          ...config,
        },
      },
    })
    return { id, slug }
  }

  /** A flow that signs in whoever a new source vouches for. */
  async sourceFlow(ground: Ground, config: object = {}, rest: readonly SeedStage[] = [{ kind: 'user_login' }]) {
    const source = await this.newSource(ground, config)
    const { slug } = await ground.flow({ stages: [{ kind: 'source', config: { source: source.id } }, ...rest] })
    return { slug, source }
  }

  /** Somebody of ours signs in at the provider next. */
  async known({ prisma }: Ground, { id: source }: { readonly id: string }, userId: number): Promise<void> {
    this.provider.visitor = `subject-${userId}`
    await prisma.sourceConnection.create({ data: { source, identifier: this.provider.visitor, userId, createdAt: new Date() } })
  }

  /** Whom a source is connected with. */
  async connectionsOf({ prisma }: Ground, { id: source }: { readonly id: string }) {
    return prisma.sourceConnection.findMany({ where: { source }, select: { identifier: true, userId: true } })
  }

  /** Goes where a view leads to, signs in there, and comes back to this server as a browser does. */
  async thereAndBack(client: JourneyClient, shown: { readonly fields: Readonly<Record<string, unknown>> }): Promise<Response> {
    const browser = client as GraphQLJourney | RestJourney
    return browser.send('GET', pathOf(await this.provider.visit(String(shown.fields.to))))
  }
}

/** Starts the provider. */
export async function openSources(): Promise<Sources> {
  return new Sources(await startOpenIdProvider(slugs.map((slug) => `${publicUrl}/source/oauth/callback/${slug}/`)))
}

/** What a browser asks its own server for. */
export function pathOf(url: string): string {
  const { pathname, search } = new URL(url)
  return pathname + search
}
