import { sign } from 'node:crypto'
import { createCertificate } from './certificates.ts'
import type { AttestationMaker } from './software-authenticator.ts'

/** Somebody who makes authenticators and vouches for them (WebAuthn Level 3, section 8.2.1). Nobody has to trust them. */
export async function createAttestationMaker(): Promise<AttestationMaker> {
  const subject = [{ C: ['GB'] }, { O: ['Acme'] }, { OU: ['Authenticator Attestation'] }, { CN: ['Acme Authenticators'] }]
  // The library that checks it goes by the real clock.
  const now = Date.now()
  const validity = { notBefore: new Date(now - 60_000), notAfter: new Date(now + 3_600_000) }
  const { pem, keyPem } = await createCertificate({ subject, ...validity })
  return { certificate: pem, sign: (data) => sign('sha256', data, keyPem) }
}
