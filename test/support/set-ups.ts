import { GraphQLJourney } from './graphql-journey.ts'
import type { JourneyClient, View } from './journey-view.ts'
import type { Ground } from './journeys.ts'
import { RestJourney } from './rest-journey.ts'

/** Opens the flow that sets a stage up, by the stage: each face has a way of its own. */
export async function configure(ground: Ground, client: JourneyClient, stageName: string): Promise<View> {
  const { id } = await ground.prisma.stage.findUniqueOrThrow({ where: { name: stageName } })
  if (client instanceof GraphQLJourney) return client.startConfiguring(id)
  if (!(client instanceof RestJourney)) throw new Error('There is no such face.')
  const { headers } = await client.send('GET', `/flows/-/configure/${id}/`)
  return client.follow({ kind: 'redirect', to: headers.get('location') ?? '', fields: {}, errors: [] })
}
