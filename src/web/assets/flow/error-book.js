/** What was refused, by fields. What no screen takes is shown above it. */
export function errorBook(responseErrors) {
  const taken = new Set()
  const of = (field) => responseErrors.filter((error) => error.field === field)
  const take = (field) => {
    taken.add(field)
    return of(field).map(({ message }) => message)
  }
  return Object.assign(take, {
    only: (field, message) => responseErrors.length === 1 && of(field).some((error) => error.message === message),
    has: (code) => responseErrors.some((error) => error.code === code),
    rest: () => responseErrors.filter(({ field }) => !taken.has(field)).map(({ message }) => message),
  })
}
