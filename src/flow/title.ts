/**
 * Fills `%(app)s` and `%(user)s` into a flow's title, `%%` being a percent sign. A title with any other placeholder is
 * shown as it was written (reference: flow-core 4.2).
 */
export function formatTitle(title: string, values: { readonly app: string; readonly user: string }): string {
  if (!title.includes('%')) return title
  const known: Readonly<Record<string, string>> = { '%(app)s': values.app, '%(user)s': values.user, '%%': '%' }
  let understood = true
  const filled = title.replaceAll(/%(?:\(\w+\)s|%|)/g, (placeholder) => {
    const value = known[placeholder]
    if (value === undefined) understood = false
    return value ?? placeholder
  })
  return understood ? filled : title
}
