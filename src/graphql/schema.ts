import { type GraphQLSchema, lexicographicSortSchema, printSchema } from 'graphql'
import type { StageRegistry } from '../flow/registry.ts'
import { createBuilder } from './builder.ts'
import { addFlowOperations } from './operations.ts'
import { addStepTypes } from './step-types.ts'
import { addTickets } from './tickets.ts'
import { addViewer } from './viewer.ts'

/** The whole schema, derived from the registered kinds. */
export function createSchema(stages: StageRegistry): GraphQLSchema {
  const builder = createBuilder()
  const types = addStepTypes(builder, stages)
  addFlowOperations(builder, types, stages)
  addViewer(builder, types)
  addTickets(builder)
  return builder.toSchema()
}

/** The schema as `schema.graphql` keeps it. */
export function printedSchema(schema: GraphQLSchema): string {
  return `${printSchema(lexicographicSortSchema(schema))}\n`
}
