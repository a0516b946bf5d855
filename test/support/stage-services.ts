import type { UserField } from '../../src/flow/services.ts'
import { normalizeIdentifier, type User } from '../../src/flow/user.ts'

/** Somebody with an account, as unremarkable as can be. */
export function someUser(about: Partial<User> = {}): User {
  const username = about.username ?? 'ada'
  return {
    id: 7,
    uuid: 'b0a2f5ac-6a0d-4a30-8c22-64a6f1b7a111',
    username,
    name: 'Ada Lovelace',
    email: `${username}@example.test`,
    isActive: true,
    type: 'internal',
    path: 'users',
    attributes: {},
    passwordHash: hashOf('correct horse'),
    passwordChangedAt: new Date('2026-01-01T00:00:00.000Z'),
    lastLoginAt: undefined,
    createdAt: new Date('2025-01-01T00:00:00.000Z'),
    ...about,
  }
}

/** A hash that the fake verifier takes for this password. */
export function hashOf(password: string): string {
  return `current:${password}`
}

/** The same, of an older make: a match offers the current one. */
export function outdatedHashOf(password: string): string {
  return `outdated:${password}`
}

/** People in memory; notes how they were looked for. */
export class FakeUsers {
  readonly lookups: { identifier: string; fields: readonly UserField[]; caseInsensitive: boolean }[] = []
  private readonly users: readonly User[]

  constructor(users: readonly User[]) {
    this.users = users
  }

  async find(identifier: string, fields: readonly UserField[], caseInsensitive: boolean): Promise<User | undefined> {
    this.lookups.push({ identifier, fields, caseInsensitive })
    const form = caseInsensitive ? normalizeIdentifier : (text: string) => text
    const read = (user: User, field: UserField) => (field === 'upn' ? user.attributes.upn : user[field])
    return this.users.find((user) => fields.some((field) => form(String(read(user, field) ?? '')) === form(identifier)))
  }

  async byId(id: number): Promise<User | undefined> {
    return this.users.find((user) => user.id === id)
  }

  readonly groups = new Set<string>()
  private handedOut = 0

  async newId(): Promise<number> {
    this.handedOut += 1
    return firstNewId + this.handedOut - 1
  }

  async existingGroups(ids: readonly string[]): Promise<readonly string[]> {
    return ids.filter((id) => this.groups.has(id))
  }
}

/** Hands out ids above everybody's. */
export const firstNewId = 1000

/** Verifies by looking; notes the work that was asked for. */
export class FakePasswords {
  readonly checks: { password: string; storedHash: string | undefined }[] = []

  async verify(password: string, storedHash: string | undefined): Promise<{ matches: boolean; upgrade?: string }> {
    this.checks.push({ password, storedHash })
    if (storedHash === outdatedHashOf(password)) return { matches: true, upgrade: hashOf(password) }
    return { matches: storedHash === hashOf(password) }
  }

  async hash(password: string): Promise<string> {
    return hashOf(password)
  }
}

/** Flows by their ids. */
export class FakeFlows {
  private readonly slugs: Readonly<Record<string, string>>
  private readonly query: string
  private readonly recovery: string | undefined

  constructor(slugs: Readonly<Record<string, string>>, query: Readonly<Record<string, string>>, recovery: string | undefined) {
    this.slugs = slugs
    this.query = new URLSearchParams(query).toString()
    this.recovery = recovery
  }

  readonly slugOf = (flowId: string): string | undefined => this.slugs[flowId]

  readonly has = (slug: string): boolean => Object.values(this.slugs).includes(slug)

  readonly pathOf = (flowId: string | null | undefined): string | undefined => {
    const slug = flowId ? this.slugOf(flowId) : undefined
    return slug && `/if/flow/${slug}/${this.query && `?${this.query}`}`
  }

  readonly recoveryUrl = (): string | undefined => this.recovery

  readonly pageUrl = (query: Readonly<Record<string, string>>): string =>
    `https://login.example.test/if/flow/sign-in/?${new URLSearchParams(query)}`
}
