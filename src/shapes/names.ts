/** `UserLogin` for `user_login` or `userLogin`. */
export function pascalCase(name: string): string {
  return name.replace(/(?:^|_)([a-z0-9])/g, (_, first: string) => first.toUpperCase())
}

/** `userLogin` for `user_login` or `UserLogin`. */
export function camelCase(name: string): string {
  const pascal = pascalCase(name)
  return pascal.charAt(0).toLowerCase() + pascal.slice(1)
}

/** `user_login` for `userLogin` or `UserLogin`; every capital begins a word, a digit never does. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (capital, offset: number) => (offset > 0 ? '_' : '') + capital.toLowerCase())
}

/** `AUTH_INBUILT_BACKEND` for `auth.InbuiltBackend`: what GraphQL calls an enum value; empty when nothing can be said. */
export function enumValueName(value: string): string {
  const words = value.replace(/([a-z0-9])(?=[A-Z])/g, '$1_').replace(/[^A-Za-z0-9]+/g, '_')
  const name = words.replace(/^_|_$/g, '').toUpperCase()
  return /^[0-9]/.test(name) ? `_${name}` : name
}

/**
 * Whether a key is the same after `camelCase(snakeCase(key))`, and its snake_case form one that a person would write.
 *
 * The rule: a lower-case letter, then letters and digits. Acronyms are words: `userId` is `user_id`, while `userID` would
 * be `user_i_d`. A word of one letter may stand inside, as in `haveIBeenPwned`.
 */
export function survivesWire(key: string): boolean {
  return /^[a-z][A-Za-z0-9]*$/.test(key) && !/[A-Z]{3}|[A-Z]{2}$/.test(key)
}
