import type { JsonRecord } from './webauthn-json.ts'

/** What became of a token: what the provider said of one that passes, or what to tell the person. */
export type CaptchaVerdict =
  | { readonly passed: true; readonly response: JsonRecord }
  | { readonly passed: false; readonly message: string }

/** What a reply is held against. */
export interface ReplyLimits {
  readonly scoreMinThreshold: number
  readonly scoreMaxThreshold: number
  readonly errorOnInvalidScore: boolean
}

/** What people read whose token does not pass, in authentik's words. */
export const captchaTexts = {
  unreachable: 'Failed to validate token',
  invalid: 'Invalid captcha response',
  retryable: 'Invalid captcha response. Retrying may solve this issue.',
} as const

/** Errors that another token may not have (reference: stages 4.3). */
const retryable: readonly unknown[] = [
  'missing-input-response',
  'invalid-input-response',
  'timeout-or-duplicate',
  'expired-input-response',
  'already-seen-response',
]

/** Judges what a provider said of a token; undefined: nothing that could be read. */
export function judgeReply(reply: JsonRecord | undefined, limits: ReplyLimits): CaptchaVerdict {
  if (!reply) return { passed: false, message: captchaTexts.unreachable }
  if (limits.errorOnInvalidScore) {
    if (reply.success !== true) return { passed: false, message: refusal(reply['error-codes']) }
    if (!isWithin(reply.score, limits)) return { passed: false, message: captchaTexts.invalid }
  }
  return { passed: true, response: reply }
}

function refusal(codes: unknown): string {
  const mayRetry = Array.isArray(codes) && codes.length > 0 && codes.every((code) => retryable.includes(code))
  return mayRetry ? captchaTexts.retryable : captchaTexts.invalid
}

/** Whether a score is none too low and none too high. Providers without scores send none. */
function isWithin(score: unknown, { scoreMinThreshold: min, scoreMaxThreshold: max }: ReplyLimits): boolean {
  if (score === undefined || score === null) return true
  if (typeof score !== 'number') return false
  return (min <= -1 || score >= min) && (max <= -1 || score <= max)
}
