import type { Database } from '../../src/db/database.ts'
import type { PrismaClient } from '../../src/db/prisma.ts'

/** A stage to put into a flow. */
export interface SeedStage {
  readonly kind: string
  readonly name?: string
  readonly config?: object
  readonly binding?: Partial<Parameters<PrismaClient['flowStageBinding']['create']>[0]['data']>
  /** Policies of the binding: each says this. */
  readonly policies?: readonly SeedPolicy[]
}

/** A dummy policy that says the same at once, always. */
export interface SeedPolicy {
  readonly result: boolean
  /** It is of a kind that no version has, so that it fails to say anything. */
  readonly broken?: true
  readonly binding?: { negate?: boolean; failureResult?: boolean; timeout?: number }
}

/** A flow to be run. */
export interface SeedFlow {
  readonly slug: string
  readonly stages: readonly SeedStage[]
  readonly policies?: readonly SeedPolicy[]
  readonly flow?: Partial<Parameters<PrismaClient['flow']['create']>[0]['data']>
}

/** What was made, for a test to edit. */
export interface SeededFlow {
  readonly id: string
  readonly stageIds: readonly string[]
  readonly bindingIds: readonly string[]
  readonly policyIds: readonly string[]
}

let made = 0

/** Writes a flow with its stages, bindings and policies. */
export async function seedFlow(
  { prisma }: Pick<Database, 'prisma'>,
  { slug, stages, policies = [], flow }: SeedFlow,
): Promise<SeededFlow> {
  const data = { slug, name: slug, title: slug, designation: 'authentication' as const, ...flow }
  const { id } = await prisma.flow.create({ data: data as Parameters<PrismaClient['flow']['create']>[0]['data'] })
  const stageIds: string[] = []
  const bindingIds: string[] = []
  const policyIds: string[] = []
  for (const [index, stage] of stages.entries()) {
    made += 1
    const created = await prisma.stage.create({
      data: {
        name: stage.name ?? `${slug} ${stage.kind} ${made}`,
        kind: stage.kind,
        config: stage.config ?? defaults[stage.kind] ?? {},
      },
    })
    const binding = await prisma.flowStageBinding.create({
      data: { flowId: id, stageId: created.id, order: (index + 1) * 10, ...stage.binding } as never,
    })
    stageIds.push(created.id)
    bindingIds.push(binding.id)
    for (const policy of stage.policies ?? []) policyIds.push(await seedPolicy(prisma, policy, { stageBindingId: binding.id }))
  }
  for (const policy of policies) policyIds.push(await seedPolicy(prisma, policy, { flowId: id }))
  return { id, stageIds, bindingIds, policyIds }
}

/** Writes fields of forms, in their order; their ids are for a prompt stage to name. */
export async function seedPrompts(
  { prisma }: Pick<Database, 'prisma'>,
  prompts: readonly { readonly fieldKey: string; readonly type: string; readonly required?: boolean }[],
): Promise<string[]> {
  const ids: string[] = []
  for (const [order, prompt] of prompts.entries()) {
    made += 1
    const config = { label: prompt.fieldKey, order, ...prompt }
    const { id } = await prisma.stageObject.create({ data: { name: `prompt ${made}`, kind: 'prompt', config } })
    ids.push(id)
  }
  return ids
}

async function seedPolicy(
  prisma: PrismaClient,
  { result, broken, binding }: SeedPolicy,
  target: { flowId: string } | { stageBindingId: string },
): Promise<string> {
  made += 1
  const config = { result, waitMin: 0, waitMax: 0 }
  const { id } = await prisma.policy.create({ data: { name: `policy ${made}`, kind: broken ? 'broken' : 'dummy', config } })
  await prisma.policyBinding.create({ data: { ...target, policyId: id, order: made, ...binding } })
  return id
}

const defaults: Record<string, object> = {
  identification: { userFields: ['email', 'username'] },
  password: { backends: ['authentik.core.auth.InbuiltBackend'] },
  redirect: { mode: 'static', targetStatic: 'https://example.test/' },
}

/** Sign-in as most people know it. */
export const signInStages: readonly SeedStage[] = [{ kind: 'identification' }, { kind: 'password' }, { kind: 'user_login' }]
