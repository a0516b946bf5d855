import { networksOf } from '../../src/config.ts'
import { createSecretBox } from '../../src/credentials/secret-box.ts'
import type { PlanContext } from '../../src/flow/plan.ts'
import { RequestContexts } from '../../src/http/request-context.ts'
import { SessionCookies } from '../../src/session/cookie.ts'
import { GraphQLJourney, type GraphQLStep } from './graphql-journey.ts'
import type { JourneyClient, View } from './journey-view.ts'
import type { TestApp } from './test-app.ts'

/** A stage without a screen, that whoever starts a flow for somebody puts before it. */
const nothing = { kind: 'invitation', name: 'nothing', config: { continueFlowWithoutInvitation: true } }

/**
 * Plans a flow with something in its context that only a server may put there, as an application does that wants something of
 * a person, and shows the first screen in that person's browser.
 */
export async function startKnowing(app: TestApp, client: JourneyClient, slug: string, known: PlanContext): Promise<View> {
  const { config, clock } = app
  const box = createSecretBox(config.secretKeys)
  const now = () => clock.now()
  const cookies = new SessionCookies({
    name: config.sessionCookieName,
    secretKeys: config.secretKeys,
    box,
    ttl: config.sessionLifetimes.absolute,
    now,
  })
  const contexts = new RequestContexts(cookies, networksOf([]), config.publicUrl, [])
  const incoming = {
    headers: { cookie: client.jar.header(), host: new URL(app.url).host },
    socket: { remoteAddress: '127.0.0.1' },
  }
  const { visitor } = await contexts.of(incoming as Parameters<RequestContexts['of']>[0], 'a request')
  const { step } = await app.app.executor.startThrough({ visitor, slug, query: {}, denialNext: undefined }, nothing, known)
  if (!(client instanceof GraphQLJourney)) return client.start(slug)
  client.step = { id: step.executionId } as GraphQLStep
  return client.read()
}
