import { solveChallenge } from 'altcha-lib'
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2'

type Challenge = Parameters<typeof solveChallenge>[0]['challenge']

/** What an ALTCHA widget hands out for a challenge, once it has done the work; a test may change it before. */
export async function solveAltcha(shown: unknown, change: (payload: Payload) => unknown = (payload) => payload): Promise<string> {
  const challenge = shown as Challenge
  const solution = await solveChallenge({ challenge, deriveKey })
  if (!solution) throw new Error('The challenge cannot be solved.')
  return Buffer.from(JSON.stringify(change({ challenge, solution }))).toString('base64')
}

/** The JSON that is submitted. */
export interface Payload {
  readonly challenge: Challenge
  readonly solution: NonNullable<Awaited<ReturnType<typeof solveChallenge>>>
}
