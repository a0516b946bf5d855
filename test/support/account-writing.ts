import type { Effect } from '../../src/flow/effects.ts'
import type { JsonObject } from '../../src/flow/json.ts'
import type { Changes } from '../../src/flow/stage.ts'
import { userWriteStage } from '../../src/stages/user-write/user-write.stage.ts'
import { type ContextOptions, stageContext, type TestContext } from './stage-context.ts'
import { someUser } from './stage-services.ts'

/** The accounts that there are. */
export const ada = someUser({ attributes: { settings: { locale: 'fr', theme: 'dark' } } })
export const grace = someUser({ id: 8, username: 'Grace' })

/** The groups that there are. */
export const staff = '6f2d1f0e-0c0b-4e5a-9a43-000000000001'
export const guests = '6f2d1f0e-0c0b-4e5a-9a43-000000000002'

/** A write stage with these answers before it. */
export function writing(data: JsonObject | undefined, { context = {}, ...options }: ContextOptions = {}): TestContext {
  const known = stageContext(userWriteStage, {
    users: [ada, grace],
    ...options,
    context: {
      ...(options.pendingUser && { pending_user: { known: true, id: options.pendingUser.id } }),
      ...(data && { prompt_data: data }),
      ...context,
    },
  })
  for (const group of [staff, guests]) known.users.groups.add(group)
  return known
}

/** What changes once they are written; fails where nothing is. */
export async function written(context: TestContext): Promise<Changes & { effects: readonly Effect[] }> {
  const verdict = await userWriteStage.present(context)
  if (verdict.type !== 'advance') throw new Error(`Nothing was written: ${JSON.stringify(verdict)}`)
  return { effects: [], ...verdict.changes }
}

/** The account that is made. */
export async function created(context: TestContext) {
  const effect = (await written(context)).effects.find(({ type }) => type === 'create_user')
  return effect?.type === 'create_user' ? effect.user : undefined
}

/** What changes about an account. */
export async function updated(context: TestContext) {
  const effect = (await written(context)).effects.find(({ type }) => type === 'update_user')
  return effect?.type === 'update_user' ? effect.change : undefined
}

/** What these answers change about the pending user. */
export function update(data: JsonObject, options: ContextOptions = {}) {
  return updated(writing(data, { pendingUser: ada, ...options }))
}
