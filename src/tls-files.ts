import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'

/** What a server encrypts with, in PEM. */
export interface TlsMaterial {
  readonly cert: string
  readonly key: string
}

/** Reads both files and tries them together, so that a server which could not greet anybody does not start; throws what is wrong. */
export function readTlsFiles(certFile: string | undefined, keyFile: string | undefined): TlsMaterial | undefined {
  if (certFile === undefined && keyFile === undefined) return undefined
  const cert = read('TLS_CERT_FILE', certFile)
  const key = read('TLS_KEY_FILE', keyFile)
  attempt('TLS_CERT_FILE: is not a certificate in PEM', { cert })
  attempt('TLS_KEY_FILE: is not the key of the certificate in TLS_CERT_FILE, in PEM and without a passphrase', { cert, key })
  return { cert, key }
}

function read(variable: string, file: string | undefined): string {
  if (file === undefined) throw new Error(`${variable}: a certificate and its key go together; set both or none`)
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? error.code : error
    throw new Error(`${variable}: ${file} cannot be read (${reason})`, { cause: error })
  }
}

function attempt(problem: string, material: Partial<TlsMaterial>): void {
  try {
    createSecureContext(material)
  } catch (error) {
    throw new Error(problem, { cause: error })
  }
}
