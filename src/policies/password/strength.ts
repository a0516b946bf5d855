import type { ZxcvbnFactory } from '@zxcvbn-ts/core'

/** How hard a password is to guess, 0 to 4, and what would make it harder. */
export interface Strength {
  readonly score: number
  readonly advice: readonly string[]
}

/** zxcvbn takes more than proportionally longer for longer texts: this many characters cost it up to 60 ms. */
const longestJudged = 100
/** How many ways to undo `p4$$w0rd` are tried. A hundred, as by default, take ten times as long and judge the same. */
const mostSubstitutions = 5
const mostWords = 50

let loaded: Promise<ZxcvbnFactory> | undefined

/** Estimates by what people choose most: words, names, dates, patterns of keys, and these words about the person. */
export async function estimateStrength(password: string, personalWords: readonly string[]): Promise<Strength> {
  loaded ??= load()
  const words = personalWords.slice(0, mostWords).map((word) => word.slice(0, longestJudged))
  const { score, feedback } = (await loaded).check(password, words)
  return { score, advice: [feedback.warning, ...feedback.suggestions].filter((line) => line !== null) }
}

/** The dictionaries are big: who never estimates, never loads them. */
async function load(): Promise<ZxcvbnFactory> {
  const [{ ZxcvbnFactory }, common, english] = await Promise.all([
    import('@zxcvbn-ts/core'),
    import('@zxcvbn-ts/language-common'),
    import('@zxcvbn-ts/language-en'),
  ])
  return new ZxcvbnFactory({
    dictionary: { ...common.dictionary, ...english.dictionary },
    graphs: common.adjacencyGraphs,
    translations: english.translations,
    maxLength: longestJudged,
    l33tMaxSubstitutions: mostSubstitutions,
  })
}
