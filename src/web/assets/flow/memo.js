const memo = 'stagedoor.execution'

/** Where this page is: a page that is loaded again goes on there; a link that is followed begins anew. */
export const here = location.pathname + location.search

/** Remembers what is on screen; nothing, where nothing is. */
export function keep(execution) {
  try {
    if (execution) sessionStorage.setItem(memo, JSON.stringify({ here, id: execution.id }))
    else sessionStorage.removeItem(memo)
  } catch {
    // A browser that keeps nothing for pages begins anew.
  }
}

/** The execution that was on screen before this page was loaded again. */
export function kept() {
  try {
    const { here: page, id } = JSON.parse(sessionStorage.getItem(memo) ?? '{}')
    const [navigation] = performance.getEntriesByType('navigation')
    return navigation?.type === 'reload' && page === here ? id : undefined
  } catch {
    return undefined
  }
}
