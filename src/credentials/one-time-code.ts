import { randomInt } from 'node:crypto'
import { equalsInConstantTime } from './random.ts'

/** What codes are made and judged with. */
export interface CodeServices {
  readonly now: () => Date
  readonly mac: (purpose: string, text: string) => string
}

/** What is kept of a code that was sent: enough to know it again, too little to say it. */
export type SentCode = {
  readonly mac: string
  /** Milliseconds since 1970. */
  readonly expiresAt: number
}

/** Six digits. */
export function createOneTimeCode(): string {
  return String(randomInt(1_000_000)).padStart(6, '0')
}

/** What is kept of a code. The purpose names all that it is for: whose it is, and where it went. */
export function keepCode({ mac, now }: CodeServices, purpose: string, code: string, seconds: number): SentCode {
  return { mac: mac(codePurpose(purpose), code), expiresAt: now().getTime() + seconds * 1000 }
}

/** Whether a code was sent that still counts. */
export function isAlive({ now }: Pick<CodeServices, 'now'>, sent: SentCode | undefined): sent is SentCode {
  return sent !== undefined && now().getTime() < sent.expiresAt
}

/** Whether this is the code that was sent, in time and for the same purpose. However it is spaced. */
export function matchesCode(services: CodeServices, purpose: string, sent: SentCode | undefined, typed: string): boolean {
  if (!isAlive(services, sent)) return false
  return equalsInConstantTime(sent.mac, services.mac(codePurpose(purpose), typed.replaceAll(/[\s-]/g, '')))
}

function codePurpose(purpose: string): string {
  return `one-time code ${purpose}`
}
