/** More than any blueprint needs, and little enough to be read without harm. */
export const limits = {
  bytes: 1_048_576,
  entries: 10_000,
  /** Of lists, maps and tags in each other. */
  depth: 50,
  /** In a file, counting an alias as often as it is used; and again for what the tags of one entry make of them. */
  values: 250_000,
} as const
