/** What is needed of an account to check its password. */
export interface PasswordAccount {
  readonly id: number
  readonly isActive: boolean
  readonly passwordHash: string | undefined
}

/** Verifies a password against a stored hash, with the same work when there is none. */
export interface PasswordVerifier {
  verify(password: string, storedHash: string | undefined): Promise<{ readonly matches: boolean; readonly upgrade?: string }>
}

/** Whether somebody may come in, and the hash to store instead of an outdated one. */
export interface PasswordCheck {
  readonly passed: boolean
  readonly upgrades: readonly {
    readonly type: 'upgrade_password_hash'
    readonly userId: number
    readonly from: string
    readonly to: string
  }[]
}

/**
 * Checks the password of an account, or of nobody. A missing account, an unusable password and a disabled account cost the
 * same work as a wrong password and cannot be told from one.
 */
export async function checkPassword(
  verifier: PasswordVerifier,
  account: PasswordAccount | undefined,
  password: string,
): Promise<PasswordCheck> {
  const { matches, upgrade } = await verifier.verify(password, account?.passwordHash)
  if (!matches || !account?.isActive) return { passed: false, upgrades: [] }
  const from = account.passwordHash
  if (upgrade === undefined || from === undefined) return { passed: true, upgrades: [] }
  return { passed: true, upgrades: [{ type: 'upgrade_password_hash', userId: account.id, from, to: upgrade }] }
}
