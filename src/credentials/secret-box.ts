import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto'
import { equalsInConstantTime } from './random.ts'

/** Says that a sealed value could not be opened, and on purpose not why. */
export class SecretBoxError extends Error {
  override readonly name = 'SecretBoxError'

  constructor() {
    super('The sealed value cannot be opened.')
  }
}

/** Keeps secrets that are stored where others may read or write. */
export interface SecretBox {
  /** Encrypts a text so that it opens only with the same context, such as the row and field it belongs to. */
  seal(plaintext: string, context: string): string
  /** Decrypts what was sealed with any of the keys; throws a {@link SecretBoxError} for anything else. */
  open(sealed: string, context: string): string
  /** Authenticates data for one purpose with the first key: HMAC-SHA256 in base64url (RFC 2104). */
  mac(purpose: string, data: string): string
  /** Whether a text is the mac that any of the keys makes of the data. In constant time. */
  verifies(mac: string, purpose: string, data: string): boolean
}

interface BoxKey {
  readonly id: string
  readonly encryption: KeyObject
  readonly authentication: KeyObject
}

const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16
const HEADER_BYTES = NONCE_BYTES + TAG_BYTES
const FORM = /^v1\.([\w-]{8})\.([\w-]+)$/

/** Creates a box from secret texts: the first one seals, all of them open, so that keys can be rotated. */
export function createSecretBox(keys: readonly string[]): SecretBox {
  const boxKeys = keys.map(deriveKeys)
  const [first] = boxKeys
  if (!first) throw new RangeError('A secret box needs at least one key.')
  const keysById = new Map(boxKeys.map((key) => [key.id, key]))

  return {
    seal: (plaintext, context) => `v1.${first.id}.${encrypt(first, plaintext, context).toString('base64url')}`,

    open(sealed, context) {
      const [, id = '', text = ''] = FORM.exec(sealed) ?? []
      const key = keysById.get(id)
      const box = Buffer.from(text, 'base64url')
      // A decoder ignores the last character's spare bits: only one spelling of a box may open.
      if (!key || box.length < HEADER_BYTES || box.toString('base64url') !== text) throw new SecretBoxError()
      return decrypt(key, box, context)
    },

    mac: (purpose, data) => authenticate(first, purpose, data),

    verifies: (mac, purpose, data) => boxKeys.some((key) => equalsInConstantTime(mac, authenticate(key, purpose, data))),
  }
}

/** The length keeps purpose and data apart: no two pairs make the same text. */
function authenticate({ authentication }: BoxKey, purpose: string, data: string): string {
  return createHmac('sha256', authentication).update(`${purpose.length}:${purpose}:${data}`).digest('base64url')
}

/** Derives independent keys for each use from one secret (HKDF, RFC 5869); the id is public. */
function deriveKeys(secret: string): BoxKey {
  if (!secret) throw new RangeError('A secret box key must not be empty.')
  const derive = (use: string, bytes: number) =>
    Buffer.from(hkdfSync('sha256', secret, '', `stagedoor secret-box v1 ${use}`, bytes))
  return {
    id: derive('key id', 6).toString('base64url'),
    encryption: createSecretKey(derive('encryption', 32)),
    authentication: createSecretKey(derive('authentication', 32)),
  }
}

/** AES-256-GCM laid out as nonce, tag, ciphertext. */
function encrypt(key: BoxKey, plaintext: string, context: string): Buffer {
  // Random nonces are good for 2^32 boxes a key (NIST SP 800-38D, section 8.3).
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, key.encryption, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(context))
  const ciphertext = cipher.update(plaintext, 'utf8')
  cipher.final()
  return Buffer.concat([nonce, cipher.getAuthTag(), ciphertext])
}

function decrypt(key: BoxKey, box: Buffer, context: string): string {
  const nonce = box.subarray(0, NONCE_BYTES)
  const decipher = createDecipheriv(CIPHER, key.encryption, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.from(context)).setAuthTag(box.subarray(NONCE_BYTES, HEADER_BYTES))
  const plaintext = decipher.update(box.subarray(HEADER_BYTES))
  try {
    decipher.final()
  } catch {
    throw new SecretBoxError()
  }
  return plaintext.toString('utf8')
}
