/** Whether two steps look the same, but for what may be done about them beside answering. */
export function looksAlike(a, b) {
  return spelled([a.challenge, a.waiting, a.status]) === spelled([b.challenge, b.waiting, b.status])
}

/** Whether what was meant for one step may be said of another one: it asks for the same, or offers the same action. */
export function asksTheSame(a, b, { action }) {
  if (a.id !== b.id || b.status !== 'ACTIVE' || question(a) !== question(b)) return false
  return !action || b.actions.some(({ type, enabled }) => type === action && enabled)
}

/** What may be done about a step that could not be done about the one before. */
export function becamePossible(before, after) {
  const possible = ({ actions }) => actions.filter(({ enabled }) => enabled).map(({ type }) => type)
  const known = possible(before)
  const listed = before.actions.map(({ type }) => type)
  return possible(after).filter((type) => listed.includes(type) && !known.includes(type))
}

/** What a step asks, whatever was wrong with the last answer. */
function question({ challenge: { responseErrors: _, ...asked } }) {
  return spelled(asked)
}

function spelled(value) {
  return JSON.stringify(value)
}
