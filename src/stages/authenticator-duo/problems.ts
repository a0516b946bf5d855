/** Why there is nothing to activate. */
export type Problem = 'lapsed' | 'unreachable' | 'refused' | 'taken' | 'known' | 'throttled'

/** What people are told of it: what Duo says is for operators. */
export const problems: Readonly<Record<Problem, string>> = {
  lapsed: 'The code does not count any more. Ask for a new one.',
  unreachable: 'Duo cannot be reached. Try again in a moment.',
  refused: 'Duo does not let you set up a device. Tell your administrator.',
  taken: 'Duo knows somebody of your name already. Your administrator can connect it with your account, or delete it at Duo.',
  known: 'You have set up Duo already.',
  throttled: 'Too many attempts. Try again later.',
}

/** What people are told who may not try again yet. */
export const tooSoon = 'Wait a moment before you try again.'

/** Those that may have passed by themselves, so that it is worth to try again unasked. */
export function passes(problem: Problem): boolean {
  return problem === 'unreachable' || problem === 'throttled'
}
