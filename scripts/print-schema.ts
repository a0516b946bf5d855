/** Prints the schema into schema.graphql; a test holds the two equal. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { StageRegistry } from '../src/flow/registry.ts'
import { createSchema, printedSchema } from '../src/graphql/schema.ts'
import { stages } from '../src/stages/index.ts'

writeFileSync(
  fileURLToPath(new URL('../schema.graphql', import.meta.url)),
  printedSchema(createSchema(new StageRegistry(stages))),
)
