import { constants, generateKeyPairSync, type JsonWebKey, type KeyObject, sign } from 'node:crypto'
import { isoCBOR } from '@simplewebauthn/server/helpers'

type CborValue = Parameters<typeof isoCBOR.encode>[0]

/** A key that credentials are made of: its public half in COSE (RFC 9052), and signatures by the other. */
export interface SoftwareKey {
  readonly cose: Uint8Array
  readonly sign: (data: Uint8Array) => Uint8Array
}

/** A new key for a COSE algorithm. */
export function createSoftwareKey(algorithm: number): SoftwareKey {
  const { generate, hash, padding } = algorithmOf(algorithm)
  const { publicKey, privateKey } = generate()
  const options = padding === undefined ? {} : { padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
  return {
    cose: isoCBOR.encode(coseOf(algorithm, publicKey.export({ format: 'jwk' }))),
    sign: (data) => sign(hash, data, { key: privateKey, ...options }),
  }
}

interface Algorithm {
  readonly generate: () => { publicKey: KeyObject; privateKey: KeyObject }
  readonly hash: string | null
  readonly padding?: number
}

const ec = (namedCurve: string) => () => generateKeyPairSync('ec', { namedCurve })
const rsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 })
const pss = constants.RSA_PKCS1_PSS_PADDING
const pkcs1 = constants.RSA_PKCS1_PADDING

const algorithms: Readonly<Record<number, Algorithm>> = {
  [-7]: { generate: ec('P-256'), hash: 'sha256' },
  [-8]: { generate: () => generateKeyPairSync('ed25519'), hash: null },
  [-36]: { generate: ec('P-521'), hash: 'sha512' },
  [-37]: { generate: rsa, hash: 'sha256', padding: pss },
  [-38]: { generate: rsa, hash: 'sha384', padding: pss },
  [-39]: { generate: rsa, hash: 'sha512', padding: pss },
  [-257]: { generate: rsa, hash: 'sha256', padding: pkcs1 },
  [-258]: { generate: rsa, hash: 'sha384', padding: pkcs1 },
  [-259]: { generate: rsa, hash: 'sha512', padding: pkcs1 },
}

function algorithmOf(algorithm: number): Algorithm {
  const found = algorithms[algorithm]
  if (!found) throw new Error(`No key is made here for the COSE algorithm ${algorithm}.`)
  return found
}

const curves: Readonly<Record<string, number>> = { 'P-256': 1, 'P-521': 3, Ed25519: 6 }

/** Labels: 1 key type, 3 algorithm, then the type's own from -1 on (RFC 9053, section 7; RFC 8230, section 4). */
function coseOf(algorithm: number, { kty, crv = '', ...jwk }: JsonWebKey): CborValue {
  const bytes = (text = '') => new Uint8Array(Buffer.from(text, 'base64url'))
  const members: Readonly<Record<string, readonly [number, CborValue][]>> = {
    OKP: [
      [1, 1],
      [-1, curves[crv] ?? 0],
      [-2, bytes(jwk.x)],
    ],
    EC: [
      [1, 2],
      [-1, curves[crv] ?? 0],
      [-2, bytes(jwk.x)],
      [-3, bytes(jwk.y)],
    ],
    RSA: [
      [1, 3],
      [-1, bytes(jwk.n)],
      [-2, bytes(jwk.e)],
    ],
  }
  return new Map<string | number, CborValue>([[3, algorithm], ...(members[kty ?? ''] ?? [])])
}
