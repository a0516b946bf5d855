import { z } from 'zod'

/** How many of something a password needs. */
export const amount = z.int().min(0).max(2_147_483_647).default(0)

/** ASCII punctuation, and the blank. */
export const asciiSymbols = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~ '

/** The rules that need nothing but the password itself. */
export interface StaticRules {
  readonly lengthMin: number
  readonly amountDigits: number
  readonly amountUppercase: number
  readonly amountLowercase: number
  readonly amountSymbols: number
  readonly symbolCharset: string
}

/** What the password has too little of, in words. Characters are code points, and letters those of any script. */
export function unmetRules(password: string, rules: StaticRules): readonly string[] {
  const characters = Array.from(password)
  const symbols = new Set(rules.symbolCharset)
  const count = (matches: (character: string) => boolean) => characters.filter(matches).length
  const checks = [
    { has: characters.length, needs: rules.lengthMin, what: 'character' },
    { has: count((one) => /\p{Nd}/u.test(one)), needs: rules.amountDigits, what: 'digit' },
    // authentik compares these with the amount of lower-case letters.
    { has: count((one) => /\p{Lu}/u.test(one)), needs: rules.amountUppercase, what: 'upper-case letter' },
    { has: count((one) => /\p{Ll}/u.test(one)), needs: rules.amountLowercase, what: 'lower-case letter' },
    { has: count((one) => symbols.has(one)), needs: rules.amountSymbols, what: 'symbol' },
  ]
  return checks.filter(({ has, needs }) => has < needs).map(({ needs, what }) => `${needs} ${what}${needs === 1 ? '' : 's'}`)
}
