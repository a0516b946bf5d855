import { type AltchaTask, createAltchaTask, isFresh, solvesAltchaTask } from './captcha-altcha.ts'
import type { AltchaChallenge } from './captcha-fields.ts'
import { siteverify } from './captcha-siteverify.ts'
import { type CaptchaVerdict, captchaTexts, judgeReply } from './captcha-verdict.ts'

type Json = Readonly<Record<string, unknown>>

/** What a captcha stage stores, its secrets filled in. */
export interface CaptchaSettings {
  readonly provider: 'remote' | 'altcha'
  readonly publicKey: string
  readonly privateKey: string
  readonly jsUrl: string
  readonly apiUrl: string
  readonly requestContentType: 'application/x-www-form-urlencoded' | 'application/json'
  readonly interactive: boolean
  readonly scoreMinThreshold: number
  readonly scoreMaxThreshold: number
  readonly errorOnInvalidScore: boolean
  readonly maxNumber: number
}

/** A captcha at a moment of an execution. */
export interface Captcha {
  readonly settings: CaptchaSettings
  readonly stageId: string
  /** The plan's: policies may replace the keys. */
  readonly context: Json
  /** What was shown for the proof of work, and has not been used. */
  readonly task: AltchaTask | undefined
}

/** What a captcha needs of the outside. */
export interface CaptchaTools {
  readonly now: () => Date
  readonly mac: (purpose: string, text: string) => string
}

/** What a screen shows of a captcha. */
export interface CaptchaFields {
  readonly siteKey: string
  readonly jsUrl: string
  readonly interactive: boolean
  readonly altcha: AltchaChallenge | null
}

/** Reads the config of a captcha stage as its own schema has let it through, with the secrets that are kept apart. */
export function captchaSettings(config: Json, secrets: Json): CaptchaSettings {
  // Judged by the stage's own schema already, which nobody but its folder may import.
  return { ...config, ...secrets } as unknown as CaptchaSettings
}

/** What to show, and the task to keep until it is solved. Shown again, it is the same. */
export async function showCaptcha(
  { settings, stageId, context, task }: Captcha,
  tools: CaptchaTools,
): Promise<{ readonly fields: CaptchaFields; readonly task: AltchaTask | undefined }> {
  const { interactive } = settings
  if (settings.provider === 'remote') {
    const siteKey = overridden(context, 'site_key') ?? settings.publicKey
    return { fields: { siteKey, jsUrl: settings.jsUrl, interactive, altcha: null }, task: undefined }
  }
  const now = tools.now()
  const shown = task && isFresh(task, now) ? task : await createAltchaTask(settings.maxNumber, keysOf(stageId, tools), now)
  return { fields: { siteKey: '', jsUrl: '', interactive, altcha: shown.challenge }, task: shown }
}

/** Judges a token: by asking the provider, or by the work that went into it. */
export async function checkCaptcha(
  { settings, stageId, context, task }: Captcha,
  { token, clientIp }: { readonly token: string; readonly clientIp: string },
  tools: CaptchaTools,
): Promise<CaptchaVerdict> {
  if (settings.provider === 'altcha') {
    const solved = task !== undefined && (await solvesAltchaTask(task, token, keysOf(stageId, tools), tools.now()))
    return solved ? { passed: true, response: { success: true } } : { passed: false, message: captchaTexts.retryable }
  }
  const secret = overridden(context, 'private_key') ?? settings.privateKey
  const { apiUrl: url, requestContentType: contentType } = settings
  return judgeReply(await siteverify({ url, contentType, secret, token, clientIp }), settings)
}

/** A key that a policy has put into the plan. */
function overridden(context: Json, key: 'site_key' | 'private_key'): string | undefined {
  const value = context[`goauthentik.io/stages/captcha/${key}`]
  return typeof value === 'string' && value !== '' ? value : undefined
}

function keysOf(stageId: string, { mac }: CaptchaTools): (purpose: string) => string {
  return (purpose) => mac(purpose, stageId)
}
