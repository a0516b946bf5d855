import { randomInt } from 'node:crypto'
import { createChallenge, verifySolution } from 'altcha-lib'
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2'
import type { AltchaChallenge } from './captcha-fields.ts'
import { asJson } from './webauthn-json.ts'

/** A challenge that was shown, and has not been used. Plain JSON. */
export type AltchaTask = {
  readonly challenge: AltchaChallenge
  /** Milliseconds since 1970. */
  readonly expiresAt: number
}

/** Makes the keys that challenges are signed with: a keyed digest for one purpose. */
export type AltchaKeys = (purpose: string) => string

const lifetime = 10 * 60 * 1000

/** Rounds of PBKDF2 that one try costs: a few milliseconds in a browser. */
const cost = 5000

type Challenge = Parameters<typeof verifySolution>[0]['challenge']
type Solution = Parameters<typeof verifySolution>[0]['solution']

/** Makes a task that is solved by no more than `maxNumber` tries, and no fewer than half as many. */
export async function createAltchaTask(maxNumber: number, keys: AltchaKeys, now: Date): Promise<AltchaTask> {
  const { parameters, signature = '' } = await createChallenge({
    algorithm: 'PBKDF2/SHA-256',
    cost,
    counter: randomInt(Math.ceil(maxNumber / 2), maxNumber + 1),
    deriveKey,
    ...secrets(keys),
  })
  const expiresAt = now.getTime() + lifetime
  // For the widget only, which then makes the person try again; what counts is the task's own.
  return { challenge: { parameters: asJson({ ...parameters, expiresAt: Math.floor(expiresAt / 1000) }), signature }, expiresAt }
}

/** Whether a task may still be shown and solved. */
export function isFresh(task: AltchaTask, now: Date): boolean {
  return task.expiresAt > now.getTime()
}

/** Whether a widget's payload solves this very task. What it repeats of the task is not even read. */
export async function solvesAltchaTask(task: AltchaTask, payload: string, keys: AltchaKeys, now: Date): Promise<boolean> {
  const solution = readSolution(payload)
  if (!solution || !isFresh(task, now)) return false
  const { expiresAt: _, ...parameters } = task.challenge.parameters
  // The library types parameters by algorithm; these are the ones that it made itself.
  const challenge = { parameters, signature: task.challenge.signature } as unknown as Challenge
  const { verified } = await verifySolution({ challenge, solution, deriveKey, ...secrets(keys) })
  return verified
}

function secrets(keys: AltchaKeys): { readonly hmacSignatureSecret: string; readonly hmacKeySignatureSecret: string } {
  return { hmacSignatureSecret: keys('altcha challenge'), hmacKeySignatureSecret: keys('altcha solution') }
}

/** What is in the base64 JSON that the widget submits; judged by the library, whatever it is. */
function readSolution(payload: string): Solution | undefined {
  try {
    return JSON.parse(Buffer.from(payload, 'base64').toString('utf8')).solution
  } catch {
    return undefined
  }
}
