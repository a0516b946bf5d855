import { GraphQLJourney } from './graphql-journey.ts'
import { RestJourney } from './rest-journey.ts'

/** Every journey is gone over both. */
export const faces = [
  ['GraphQL', GraphQLJourney],
  ['REST', RestJourney],
] as const
