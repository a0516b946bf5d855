import { z } from 'zod'
import { isJsonObject, type JsonObject } from '../../flow/json.ts'
import type { User } from '../../flow/user.ts'
import { text } from '../../shapes/text.ts'
import { definePolicy, type PolicyRequest, type PolicyResult } from '../policy.ts'
import { timesPwned } from './pwned-passwords.ts'
import { amount, asciiSymbols, unmetRules } from './static-rules.ts'
import { estimateStrength } from './strength.ts'

const config = z.object({
  passwordField: text({ min: 1, max: 255 })
    .default('password')
    .describe('The key of the field that holds the password: of a prompt, or of the context.'),
  checkStaticRules: z.boolean().default(true).describe('Whether length and amounts are checked.'),
  checkHaveIBeenPwned: z
    .boolean()
    .default(false)
    .describe('Whether Have I Been Pwned is asked if the password has leaked. It hears the first 5 digits of a hash.'),
  checkZxcvbn: z.boolean().default(false).describe('Whether it is estimated how hard the password is to guess.'),
  lengthMin: amount.describe('The least number of characters.'),
  amountDigits: amount.describe('The least number of digits.'),
  amountUppercase: amount.describe('The least number of upper-case letters.'),
  amountLowercase: amount.describe('The least number of lower-case letters.'),
  amountSymbols: amount.describe('The least number of characters from `symbol_charset`.'),
  symbolCharset: text({ max: 1000 }).default(asciiSymbols).describe('What counts as a symbol.'),
  errorMessage: text({ max: 1000 })
    .default('')
    .describe('What people are told whose password breaks the rules of length and amounts. Empty: which rules.'),
  hibpAllowedCount: amount.describe('In how many leaks a password may be.'),
  zxcvbnScoreThreshold: z
    .int()
    .min(0)
    .max(4)
    .default(2)
    .describe('A password with this score or less is refused: 0 is guessed at once, 4 hardly ever, so that 4 refuses all.'),
})

type Request = PolicyRequest<z.output<typeof config>>

const passed: PolicyResult = { passing: true, messages: [] }

/** Refuses passwords that are too simple, or known to thieves (reference: flow-core 5.7). */
export const passwordPolicy = definePolicy({
  kind: 'password',
  model: 'authentik_policies_password.passwordpolicy',
  description: 'Passes when the password in the context is good enough.',
  config,

  async evaluate(request) {
    const { config: settings, context } = request
    const password = passwordIn(context, settings.passwordField)
    if (password === undefined) return refused(['Password not set in context'])

    const unmet = settings.checkStaticRules ? unmetRules(password, settings) : []
    if (unmet.length > 0) return refused([settings.errorMessage || `The password needs at least ${unmet.join(', ')}.`])
    const leaked = settings.checkHaveIBeenPwned ? await judgeLeaks(request, password) : passed
    if (!leaked.passing) return leaked
    return settings.checkZxcvbn ? judgeStrength(request, password) : passed
  },
})

async function judgeLeaks({ config: settings, signal, services }: Request, password: string): Promise<PolicyResult> {
  const times = await timesPwned(password, { url: services.pwnedPasswordsUrl, signal })
  return times > settings.hibpAllowedCount ? refused([`Password exists on ${times} online lists.`]) : passed
}

async function judgeStrength({ config: settings, context, user }: Request, password: string): Promise<PolicyResult> {
  const { score, advice } = await estimateStrength(password, personalWords(context, user))
  return score > settings.zxcvbnScoreThreshold ? passed : refused(['Password is too weak.', ...advice])
}

function refused(messages: readonly string[]): PolicyResult {
  return { passing: false, messages }
}

function passwordIn(context: JsonObject, field: string): string | undefined {
  const { prompt_data: prompted } = context
  const holder = isJsonObject(prompted) && Object.hasOwn(prompted, field) ? prompted : context
  const value = Object.hasOwn(holder, field) ? holder[field] : undefined
  return typeof value === 'string' ? value : undefined
}

/** What an attacker knows of the person and tries first; somebody who enrols has only just typed it. */
function personalWords({ prompt_data: prompted }: JsonObject, user: User | undefined): readonly string[] {
  const typed = isJsonObject(prompted) ? [prompted.username, prompted.name, prompted.email] : []
  const words = [user?.username, user?.name, user?.email, ...typed].filter((word) => typeof word === 'string')
  // Whole, and in the parts that people use of it.
  return words.flatMap((word) => [word, ...word.split(/[\s@.]+/)]).filter((word) => word.length > 2)
}
