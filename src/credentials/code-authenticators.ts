import { staticCodeHash } from './static-codes.ts'
import { matchTotpStep } from './totp.ts'

type Data = Readonly<Record<string, unknown>>

/** Kinds of authenticator that are proved by typing a code: what the data becomes once the code is used, or undefined. */
const kinds: Readonly<Record<string, (data: Data, code: string, now: Date) => Data | undefined>> = {
  static: (data, code) => {
    const codes = Array.isArray(data.codes) ? data.codes.map(String) : []
    const hash = staticCodeHash(code)
    // Hashes of random codes: where they differ tells nothing about one.
    return codes.includes(hash) ? { ...data, codes: codes.filter((kept) => kept !== hash) } : undefined
  },
  totp: (data, code, now) => {
    const key = { secret: String(data.secret), digits: Number(data.digits) }
    const lastStep = matchTotpStep(key, code, now, Number(data.lastStep ?? 0))
    return lastStep === undefined ? undefined : { ...data, lastStep }
  },
}

/** Whether a kind of authenticator is proved by a code. */
export function takesCode(kind: string): boolean {
  return Object.hasOwn(kinds, kind)
}

/** The authenticator's data with the code used up; undefined when the code is not its own. */
export function useCode(kind: string, data: Data, code: string, now: Date): Data | undefined {
  return Object.hasOwn(kinds, kind) ? kinds[kind]?.(data, code, now) : undefined
}
