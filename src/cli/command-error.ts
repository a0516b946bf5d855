/** Something that the caller of a command can mend: told without a stack. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}
