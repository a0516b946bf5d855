import type { X509Certificate } from 'node:crypto'

/** `clientAuth` and `anyExtendedKeyUsage` (RFC 5280, section 4.2.1.12). */
const clientUsages = ['1.3.6.1.5.5.7.3.2', '2.5.29.37.0']
/** The identifier of the extension `nameConstraints`, as it stands in a certificate. */
const nameConstraints = Buffer.from('0603551d1e', 'hex')
/** `basicConstraints` of an authority that limits how many others may stand below it; the last byte says how many. */
const pathLength = /0603551d13(?:0101ff)?04..30..0101ff0201(..)/
/** How many authorities may stand between a person and one that is trusted. */
const mostIntermediates = 4

/** Whether a certificate is a client's own, valid now, and issued by a trusted authority or through ones that were shown with it. */
export function isTrusted(
  own: X509Certificate,
  intermediates: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
  now: Date,
): boolean {
  if (own.ca || !isValid(own, now) || !mayIdentifyClients(own)) return false
  // Each step up is taken from all certificates reached so far, so that none is judged twice.
  let reached: readonly X509Certificate[] = [own]
  let left = intermediates
  for (let below = 0; below <= mostIntermediates && reached.length > 0; below++) {
    const issues = (issuer: X509Certificate) => reached.some((one) => hasIssued(issuer, one, below, now))
    if (authorities.some(issues)) return true
    reached = left.filter(issues)
    left = left.filter((one) => !reached.includes(one))
  }
  return false
}

/** `below` counts the authorities between the issuer and the person. */
function hasIssued(issuer: X509Certificate, issued: X509Certificate, below: number, now: Date): boolean {
  if (!issuer.ca || !isValid(issuer, now) || below > pathLengthOf(issuer)) return false
  // Nothing here can check for which names it may vouch; so it vouches for none.
  if (issuer.raw.includes(nameConstraints)) return false
  return issued.checkIssued(issuer) && issued.verify(issuer.publicKey)
}

function isValid({ validFromDate, validToDate }: X509Certificate, now: Date): boolean {
  return validFromDate <= now && now <= validToDate
}

function mayIdentifyClients({ keyUsage }: X509Certificate): boolean {
  // Node calls the extended usages so; a certificate without them is good for anything.
  const usages: readonly string[] | undefined = keyUsage
  return usages === undefined || usages.some((usage) => clientUsages.includes(usage))
}

function pathLengthOf({ raw }: X509Certificate): number {
  const limit = pathLength.exec(raw.toString('hex'))?.[1]
  return limit === undefined ? Number.POSITIVE_INFINITY : Number.parseInt(limit, 16)
}
