import { Secret, TOTP } from 'otpauth'

/** How long one code is shown (seconds; RFC 6238, section 5.2). */
const totpPeriod = 30

/** What an authenticator app and the server share. */
export interface TotpKey {
  /** Base 32 of 20 random bytes (RFC 4226, section 4, R6). */
  readonly secret: string
  readonly digits: number
}

/** A new secret, in base 32. */
export function createTotpSecret(): string {
  return new Secret({ size: 20 }).base32
}

/** The `otpauth://` address that apps read from a QR code. */
export function totpUrl(key: TotpKey, issuer: string, username: string): string {
  return new TOTP({ ...parameters(key), issuer, label: username }).toString()
}

/**
 * The time step whose code this is, the present one or a neighbour; undefined when it is none, or not after the step that
 * was accepted last: a code that somebody saw must not work again (RFC 6238, section 5.2).
 */
export function matchTotpStep(key: TotpKey, code: string, now: Date, lastStep = 0): number | undefined {
  const token = code.replaceAll(/\s/g, '')
  const delta = new TOTP(parameters(key)).validate({ token, timestamp: now.getTime(), window: 1 })
  if (delta === null) return undefined
  const step = Math.floor(now.getTime() / 1000 / totpPeriod) + delta
  return step > lastStep ? step : undefined
}

function parameters({ secret, digits }: TotpKey) {
  return { secret: Secret.fromBase32(secret), digits, algorithm: 'SHA1', period: totpPeriod }
}
