import { z } from 'zod'
import { Problem } from '../blueprint-error.ts'
import { locate } from '../document/value.ts'
import { resolveMembers } from '../resolve-members.ts'
import { Fields } from './fields.ts'
import type { BlueprintModel } from './model.ts'

const attrs = z.object({
  identifiers: z.object({ name: z.string().describe('The name in its metadata.') }).describe('The blueprint that is needed.'),
  required: z.boolean().default(true).describe('Whether there must be one.'),
})

const name = 'authentik_blueprints.metaapplyblueprint'
const fields = new Fields(name, attrs)

/** Another blueprint, which has to be applied before the entries that follow. */
export const metaApplyBlueprintModel: BlueprintModel = {
  name,
  async apply({ entry, state, scope, applyOther }) {
    if (state !== 'present') throw new Problem(entry.at, 'A blueprint can only be applied.', 'state')
    if (entry.identifiers.members.size > 0) throw new Problem(entry.identifiers.at, 'Write them into the attrs.', 'identifiers')
    const locateField = (path: readonly string[]) => (path.length > 0 ? locate(entry.attrs, path) : entry.at)
    const { identifiers, required } = attrs.parse(fields.judge({}, await resolveMembers(entry.attrs, scope), locateField))
    const refuse = (reason: string) => new Problem(locateField(['identifiers', 'name']), reason, 'identifiers.name')

    const other = await applyOther(identifiers.name)
    if (other === 'circular') throw refuse('That blueprint needs this one to be applied first.')
    if (other === 'missing' && required) throw refuse('No blueprint of this folder has that name.')
    return { outcome: outcomes[other] }
  },
}

const outcomes = { applied: 'updated', current: 'unchanged', missing: 'skipped' } as const
