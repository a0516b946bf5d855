import { randomPassword, sha256Hex } from './credentials/random.ts'
import type { Database } from './db/database.ts'
import { normalizeIdentifier } from './flow/user.ts'

/** The first administrator, as authentik calls them. */
export const administrator = 'akadmin'
const administrators = 'authentik Admins'

/** What the operator decides about the first start. */
export interface BootstrapOptions {
  readonly password: string | undefined
  readonly token: string | undefined
  readonly hash: (password: string) => Promise<string>
}

/** Makes the administrator once; returns their generated password, which is told nowhere else. */
export async function bootstrapAdministrator(
  { prisma }: Database,
  { password, token, hash }: BootstrapOptions,
): Promise<string | undefined> {
  const known = await prisma.user.findUnique({ where: { username: administrator } })
  const generated = known || password !== undefined ? undefined : randomPassword()
  const user = known ?? (await createAdministrator(prisma, await hash(password ?? generated ?? '')))
  if (token !== undefined) await grantToken(prisma, user.id, token)
  return generated
}

async function createAdministrator(prisma: Database['prisma'], passwordHash: string) {
  const group = await prisma.group.upsert({
    where: { name: administrators },
    create: { name: administrators, numericId: 1, isSuperuser: true, attributes: {} },
    update: {},
  })
  return prisma.user.create({
    data: {
      username: administrator,
      usernameNormalized: normalizeIdentifier(administrator),
      name: 'Administrator',
      attributes: {},
      passwordHash,
      groups: { create: { groupId: group.id } },
    },
  })
}

async function grantToken(prisma: Database['prisma'], userId: number, token: string): Promise<void> {
  const granted = { keyHash: sha256Hex(token), intent: 'api', userId, expiring: false } as const
  await prisma.token.upsert({
    where: { identifier: 'stagedoor-bootstrap-token' },
    create: { ...granted, identifier: 'stagedoor-bootstrap-token', description: 'Set by BOOTSTRAP_TOKEN', managed: 'bootstrap' },
    update: granted,
  })
}
