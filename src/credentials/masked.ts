/**
 * An address that its owner knows again and nobody else learns: the first character of the local part and of every label but
 * the last one is left. `myname@company.org` is `m*****@c******.org` (reference: stages 4.16).
 */
export function maskedAddress(address: string): string {
  const at = address.lastIndexOf('@')
  if (at < 0) return maskedPart(address)
  const labels = address.slice(at + 1).split('.')
  // The last label tells little, unless it is the only one.
  const last = labels.length > 1 ? `.${labels.pop()}` : ''
  return `${maskedPart(address.slice(0, at))}@${labels.map(maskedPart).join('.')}${last}`
}

/** A phone number of which the last two digits are left. */
export function maskedPhoneNumber(phoneNumber: string): string {
  return `+${'*'.repeat(Math.max(0, phoneNumber.length - 3))}${phoneNumber.slice(-2)}`
}

function maskedPart(part: string): string {
  const [first = '', ...rest] = Array.from(part)
  return rest.length > 1 ? first + '*'.repeat(rest.length) : '*'.repeat(Array.from(part).length)
}
