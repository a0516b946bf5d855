import { type SecretBox, SecretBoxError } from '../credentials/secret-box.ts'
import type { JsonObject } from '../flow/json.ts'

/** Claims that this server alone can make and read, each for one purpose and for a while. */
export interface SealedClaims {
  seal(purpose: string, claims: JsonObject, seconds: number): string
  /** Undefined for what was sealed for another purpose, has run out, or is not ours. */
  open(purpose: string, token: string): JsonObject | undefined
}

/** A token of ours is short: anything longer need not be looked at. */
const longestToken = 4096

/** Makes and reads such claims. */
export function createSealedClaims(box: SecretBox, now: () => Date): SealedClaims {
  const contextOf = (purpose: string) => `claims ${purpose}`
  return {
    seal: (purpose, claims, seconds) =>
      box.seal(JSON.stringify({ claims, until: now().getTime() + seconds * 1000 }), contextOf(purpose)),
    open(purpose, token) {
      if (token.length > longestToken) return undefined
      try {
        const { claims, until } = JSON.parse(box.open(token, contextOf(purpose))) as { claims: JsonObject; until: number }
        return until > now().getTime() ? claims : undefined
      } catch (error) {
        if (error instanceof SecretBoxError) return undefined
        throw error
      }
    },
  }
}
