import { createDecipheriv, createHmac, hkdfSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createSecretBox, SecretBoxError } from './secret-box.ts'

const KEY = 'a long and secret text of the operator'
const CONTEXT = 'authenticator:1:secret'
const PLAINTEXT = 'JBSWY3DPEHPK3PXP ä🔑'

const box = createSecretBox([KEY])

function derive(use: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', KEY, '', `stagedoor secret-box v1 ${use}`, bytes))
}

/** A sealed value whose bytes were changed. */
function tampered(sealed: string, change: (bytes: Buffer) => Buffer): string {
  const [version, id, text = ''] = sealed.split('.')
  return `${version}.${id}.${change(Buffer.from(text, 'base64url')).toString('base64url')}`
}

describe('a sealed value', () => {
  it.each(['', 'x', PLAINTEXT, 'x'.repeat(100_000)])('opens to what was sealed', (plaintext) => {
    expect(box.open(box.seal(plaintext, CONTEXT), CONTEXT)).toBe(plaintext)
  })

  it('is AES-256-GCM with a key of its own, and says nothing in the clear', () => {
    const [version, id, text = ''] = box.seal(PLAINTEXT, CONTEXT).split('.')
    const bytes = Buffer.from(text, 'base64url')
    expect([version, id]).toEqual(['v1', derive('key id', 6).toString('base64url')])
    expect(bytes).toHaveLength(12 + 16 + Buffer.byteLength(PLAINTEXT))

    const decipher = createDecipheriv('aes-256-gcm', derive('encryption', 32), bytes.subarray(0, 12))
    decipher.setAAD(Buffer.from(CONTEXT)).setAuthTag(bytes.subarray(12, 28))
    expect(decipher.update(bytes.subarray(28), undefined, 'utf8') + decipher.final('utf8')).toBe(PLAINTEXT)
  })

  it('never looks the same twice', () => {
    const sealed = Array.from({ length: 1000 }, () => box.seal(PLAINTEXT, CONTEXT))
    const nonces = sealed.map((text) => text.slice(12, 12 + 16))

    expect(new Set(nonces).size).toBe(1000)
  })

  it.each(['', 'authenticator:2:secret', 'authenticator:1:secret ', 'authenticator:1:'])(
    'does not open in another context: %j',
    (other) => {
      const sealed = box.seal(PLAINTEXT, CONTEXT)

      expect(() => box.open(sealed, other)).toThrow(SecretBoxError)
    },
  )

  it('does not open when any of its bits was flipped', () => {
    const sealed = box.seal('x', CONTEXT)
    const bits = 8 * (12 + 16 + 1)

    for (let bit = 0; bit < bits; bit += 1) {
      const flipped = tampered(sealed, (bytes) => {
        bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
        return bytes
      })
      expect(() => box.open(flipped, CONTEXT), `bit ${bit}`).toThrow(SecretBoxError)
    }
  })

  // These leave 2, 0 and 4 spare bits in the last character.
  it.each(['x', 'xx', 'xxx'])('does not open when any of its characters was changed: %s', (plaintext) => {
    const sealed = box.seal(plaintext, CONTEXT)

    for (let at = 0; at < sealed.length; at += 1) {
      for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=. ') {
        if (character === sealed[at]) continue
        const changed = sealed.slice(0, at) + character + sealed.slice(at + 1)
        expect(() => box.open(changed, CONTEXT), `${character} at ${at}`).toThrow(SecretBoxError)
      }
    }
  })

  it('does not open when cut short or added to', () => {
    const sealed = box.seal(PLAINTEXT, CONTEXT)

    for (let length = 0; length < sealed.length; length += 1) {
      expect(() => box.open(sealed.slice(0, length), CONTEXT), `${length} characters`).toThrow(SecretBoxError)
    }
    for (const more of ['A', 'AAAA', '=', '.', '\n', ' ']) expect(() => box.open(sealed + more, CONTEXT)).toThrow(SecretBoxError)
    const longer = tampered(sealed, (bytes) => Buffer.concat([bytes, Buffer.alloc(1)]))
    expect(() => box.open(longer, CONTEXT)).toThrow(SecretBoxError)
  })

  it('fails the same way whatever the reason, and tells none of it', () => {
    const sealed = box.seal(PLAINTEXT, CONTEXT)
    const failures = [
      () => box.open('', CONTEXT),
      () => box.open(sealed, 'another'),
      () => box.open(sealed.slice(0, -4), CONTEXT),
      () => createSecretBox(['another']).open(sealed, CONTEXT),
    ].map((attempt) => {
      try {
        return attempt()
      } catch (error) {
        return error
      }
    })

    for (const failure of failures) {
      expect(failure).toMatchObject({ name: 'SecretBoxError', message: 'The sealed value cannot be opened.' })
      expect(failure).not.toHaveProperty('cause')
    }
  })
})

describe('the keys of a box', () => {
  const old = createSecretBox(['old'])
  const rotated = createSecretBox(['new', 'old'])
  const fresh = createSecretBox(['new'])

  it('open what an earlier key sealed until that key is removed', () => {
    const sealed = old.seal(PLAINTEXT, CONTEXT)

    expect(rotated.open(sealed, CONTEXT)).toBe(PLAINTEXT)
    expect(() => fresh.open(sealed, CONTEXT)).toThrow(SecretBoxError)
  })

  it('seal and authenticate with the first', () => {
    const sealed = rotated.seal(PLAINTEXT, CONTEXT)

    expect(fresh.open(sealed, CONTEXT)).toBe(PLAINTEXT)
    expect(() => old.open(sealed, CONTEXT)).toThrow(SecretBoxError)
    expect(rotated.mac('purpose', 'data')).toBe(fresh.mac('purpose', 'data'))
  })

  it('do not open what claims to be sealed with another of them', () => {
    const [version, , text] = old.seal(PLAINTEXT, CONTEXT).split('.')
    const [, newId] = fresh.seal(PLAINTEXT, CONTEXT).split('.')

    expect(() => rotated.open(`${version}.${newId}.${text}`, CONTEXT)).toThrow(SecretBoxError)
  })

  it('must be there', () => {
    expect(() => createSecretBox([])).toThrow(RangeError)
    expect(() => createSecretBox(['key', ''])).toThrow(RangeError)
  })
})

describe('a message authentication code', () => {
  it('is HMAC-SHA256 with a key of its own, the same in every process', () => {
    const expected = createHmac('sha256', derive('authentication', 32)).update('7:purpose:data').digest('base64url')

    expect(box.mac('purpose', 'data')).toBe(expected)
    expect(createSecretBox([KEY]).mac('purpose', 'data')).toBe(expected)
  })

  it('differs by key, purpose and data, wherever the one ends and the other begins', () => {
    const codes = [
      box.mac('purpose', 'data'),
      box.mac('purpose', 'data '),
      box.mac('purposed', 'ata'),
      box.mac('', 'purposedata'),
      box.mac('purpose:', 'data'),
      box.mac('purpose', ':data'),
      createSecretBox(['another']).mac('purpose', 'data'),
    ]

    expect(new Set(codes).size).toBe(codes.length)
  })

  it('is known again with any of the keys, and only for its purpose and data', () => {
    const rotated = createSecretBox(['another', KEY])
    const mac = box.mac('purpose', 'data')

    expect(rotated.verifies(mac, 'purpose', 'data')).toBe(true)
    expect(rotated.verifies(rotated.mac('purpose', 'data'), 'purpose', 'data')).toBe(true)
    expect(createSecretBox(['another']).verifies(mac, 'purpose', 'data')).toBe(false)
    for (const [purpose, data] of [
      ['purpose', 'date'],
      ['propose', 'data'],
    ] as const)
      expect(rotated.verifies(mac, purpose, data)).toBe(false)
    expect(rotated.verifies('', 'purpose', 'data')).toBe(false)
  })
})
