/** Says whether a password is the one that was hashed. */
export type PasswordCheck = (password: string) => Promise<boolean>

/** A stored password hash that was read and found fit to be checked. */
export interface StoredPassword {
  /** Whether a match should be stored again under the current scheme. */
  readonly outdated: boolean
  readonly matches: PasswordCheck
}

/** A way to store passwords. */
export interface PasswordScheme {
  hash(password: string): Promise<string>
  /** Reads a stored hash, or answers undefined when it is malformed, foreign, unusable or too costly to check. */
  read(stored: string): StoredPassword | undefined
  /** A made-up hash of no known password, as costly to check as a real one. */
  readonly decoy: string
}
