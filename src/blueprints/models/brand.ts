import { z } from 'zod'
import { type BrandFlow, brandFlows } from '../../flow/ports.ts'
import { pascalCase } from '../../shapes/names.ts'
import { text } from '../../shapes/text.ts'
import { tableOf } from '../tables.ts'
import { jsonColumn, reference } from './column.ts'
import type { BlueprintModel } from './model.ts'
import type { Change, Refusal } from './row-kind.ts'
import { rowModel } from './row-model.ts'

const flowField = (purpose: BrandFlow) => `flow${pascalCase(purpose)}`

/** What a server looks like and which flows it uses, by the domain it is asked for (reference: flow-core 1.6). */
export const brandModel: BlueprintModel = rowModel({
  name: 'authentik_brands.brand',
  table: 'brand',
  fields: z.object({
    domain: text({ min: 1, max: 255 }).describe('The domain, with all domains below it.'),
    default: z.boolean().default(false).describe('Whether it serves all other domains too.'),
    brandingTitle: text({ max: 1000 }).default('Stagedoor').describe('The name on every screen.'),
    brandingLogo: text({ max: 2048 }).default('').describe('The picture beside it.'),
    brandingFavicon: text({ max: 2048 }).default('').describe('The icon of the browser tab.'),
    brandingCustomCss: text({ max: 100_000 }).default('').describe('Styles for every screen.'),
    attributes: z.record(z.string(), z.json()).default({}).describe('Whatever else belongs to it.'),
    ...Object.fromEntries(brandFlows.map((purpose) => [flowField(purpose), flow(purpose)])),
  }),
  columns: {
    attributes: jsonColumn('attributes'),
    ...Object.fromEntries(brandFlows.map((purpose) => [flowField(purpose), reference(`${flowField(purpose)}Id`, 'flow')])),
  },
  check: refuseSecondDefault,
})

function flow(purpose: BrandFlow) {
  return z.uuid().nullable().default(null).describe(`The flow for ${purpose}.`)
}

async function refuseSecondDefault({ fields, row, transaction }: Change): Promise<Refusal | undefined> {
  if (!fields.default) return undefined
  const where = { default: true, ...(row && { id: { not: row.id } }) }
  const others = await tableOf(transaction, 'brand').count({ where })
  return others > 0 ? { field: 'default', reason: 'Only one brand can be the default, and there is one.' } : undefined
}
