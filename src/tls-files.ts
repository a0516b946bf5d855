import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'

const beginning = '-----BEGIN CERTIFICATE-----'

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

/** Reads the certificates of whoever is trusted, each of them: TLS would pass over what it cannot read. Throws what is wrong. */
export function readAuthorityFile(variable: string, file: string | undefined): string | undefined {
  if (file === undefined) return undefined
  const ca = read(variable, file)
  const certificates = ca.split(beginning).slice(1)
  if (certificates.length === 0) throw new Error(`${variable}: holds no certificate in PEM`)
  for (const certificate of certificates) {
    try {
      new X509Certificate(beginning + certificate)
    } catch (error) {
      throw new Error(`${variable}: holds something that is no certificate in PEM`, { cause: error })
    }
  }
  return ca
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
