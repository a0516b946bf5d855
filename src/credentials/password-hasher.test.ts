import { parseOptions } from '@node-rs/argon2'
import { describe, expect, it } from 'vitest'
import { argon2idScheme } from './argon2id-scheme.ts'
import { benchmarkScheme } from './benchmark-scheme.ts'
import { createPasswordHasher, HasherBusyError, usualConcurrency } from './password-hasher.ts'
import type { PasswordScheme } from './password-scheme.ts'

const PASSWORD = 'pässwörd 🔑 '
const CURRENT = '$argon2id$v=19$m=19456,t=2,p=1$'

// Written by argon2-cffi.
const current = `${CURRENT}c2FsdHNhbHRzYWx0c2FsdA$9iCOFX2RIQB9Wq48t5RQGd4ZuEf750VSjOcBWChbRzc`
const weaker = '$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$osza3B10mGY/4tJ/2PtghMo8QITiJ7EoIf1E/rr7o+I'
// Written by Django 5.2.
const imported = 'pbkdf2_sha1$1000$saltsalt$yUq6Q4yy8JEA6BcpRa/hhS7GABw='

const unusable: [string, string | null | undefined][] = [
  ['no user', undefined],
  ['a user without a password', null],
  ['an empty hash', ''],
  ['a password Django marked unusable', '!CQ6S10daUU5tCWReUYDy6ccGtOiA8t08DjVL1DzH'],
  ['a marked hash', `!${current}`],
  ['an unknown format', 'md5$salt$5f4dcc3b5aa765d61d8327deb882cf99'],
  ['half a hash', current.slice(0, 60)],
  ['argon2i, which only Django wrote', '$argon2i$v=19$m=512,t=2,p=2$c2FsdHNhbHRzYWx0$6LLpdhOVS7zZ8R3WGJ18nw'],
  ['a hash too costly to check', current.replace('m=19456', 'm=1048577')],
]

/** A scheme that notes the work it really does: which hash was checked, and what was hashed. */
function observed(scheme: PasswordScheme) {
  const work: string[] = []
  const observing: PasswordScheme = {
    decoy: scheme.decoy,
    hash(password) {
      work.push('hash')
      return scheme.hash(password)
    },
    read(stored) {
      const read = scheme.read(stored)
      if (!read) return undefined
      return {
        outdated: read.outdated,
        matches(password) {
          work.push(stored === scheme.decoy ? 'check decoy' : 'check stored')
          return read.matches(password)
        },
      }
    },
  }
  return { scheme: observing, work }
}

function observedHasher() {
  const { scheme, work } = observed(argon2idScheme)
  return { hasher: createPasswordHasher({ algorithm: 'argon2id' }, scheme), work }
}

describe('the argon2id password hasher', () => {
  const hasher = createPasswordHasher({ algorithm: 'argon2id' })

  it('makes a fresh PHC string each time, which matches the password and is up to date', async () => {
    const [first, second] = await Promise.all([hasher.hash(PASSWORD), hasher.hash(PASSWORD)])

    expect(first).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
    expect(second).not.toBe(first)
    expect(await hasher.verify(PASSWORD, first)).toEqual({ matches: true })
  })

  it('takes a hash of the current parameters made elsewhere as it is', async () => {
    expect(await hasher.verify(PASSWORD, current)).toEqual({ matches: true })
  })

  it.each(['', 'pässwörd 🔑', 'PÄSSWÖRD 🔑 ', PASSWORD.normalize('NFD'), `${PASSWORD}\0`])(
    'refuses a wrong password: %j',
    async (wrong) => {
      expect(await hasher.verify(wrong, current)).toEqual({ matches: false })
    },
  )

  it.each([
    ['weaker parameters', weaker],
    ['an imported encoding', imported],
    ['the current parameters in an imported encoding', `argon2${current}`],
  ])('offers a fresh hash for one with %s', async (_, stored) => {
    const { matches, upgrade } = await hasher.verify(PASSWORD, stored)

    expect(matches).toBe(true)
    expect(upgrade?.startsWith(CURRENT)).toBe(true)
    expect(await hasher.verify(PASSWORD, upgrade)).toEqual({ matches: true })
  })

  it('offers nothing for a wrong password', async () => {
    const { hasher, work } = observedHasher()

    expect(await hasher.verify('wrong', imported)).toEqual({ matches: false })
    expect(work).toEqual(['check stored'])
  })

  it('hashes and checks a password that is half a character', async () => {
    const stored = await hasher.hash('\ud83d')

    expect(await hasher.verify('\ud83d', stored)).toEqual({ matches: true })
  })
})

describe('the work for an account that cannot be signed in to', () => {
  it('is of the cost a real hash has', async () => {
    const decoy = parseOptions(argon2idScheme.decoy)

    expect(decoy).toEqual(parseOptions(await argon2idScheme.hash(PASSWORD)))
    expect(decoy).toMatchObject({ memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32, saltLen: 16 })
  })

  it.each(unusable)('is one check, as for any account: %s', async (_, stored) => {
    const { hasher, work } = observedHasher()

    expect(await hasher.verify(PASSWORD, stored)).toEqual({ matches: false })
    expect(work).toEqual(['check decoy'])
  })

  it('is not done beside a real check', async () => {
    const { hasher, work } = observedHasher()

    await hasher.verify('wrong', current)
    await hasher.verify(PASSWORD, current)

    expect(work).toEqual(['check stored', 'check stored'])
  })

  it('never lets anybody in, even if the decoy should match', async () => {
    const scheme: PasswordScheme = { ...argon2idScheme, read: () => ({ outdated: false, matches: async () => true }) }
    const hasher = createPasswordHasher({ algorithm: 'argon2id' }, scheme)

    expect(await hasher.verify('', null)).toEqual({ matches: false })
  })

  it('needs a decoy that can be checked', () => {
    const scheme: PasswordScheme = { ...argon2idScheme, decoy: 'unreadable' }

    expect(() => createPasswordHasher({ algorithm: 'argon2id' }, scheme)).toThrow('decoy')
  })
})

describe('a very long password', () => {
  const longest = 'ä'.repeat(2048)
  const tooLong = `${longest}x`

  it('counts by its bytes, all of them', async () => {
    const { hasher } = observedHasher()
    const stored = await hasher.hash(longest)

    expect(await hasher.verify(longest, stored)).toEqual({ matches: true })
    expect(await hasher.verify(longest.slice(1), stored)).toEqual({ matches: false })
  })

  it('is refused above 4096 bytes, after the work of a check', async () => {
    const { hasher, work } = observedHasher()
    const stored = await argon2idScheme.hash(tooLong)

    expect(await hasher.verify(tooLong, stored)).toEqual({ matches: false })
    expect(work).toEqual(['check decoy'])
    await expect(hasher.hash(tooLong)).rejects.toThrow(RangeError)
    expect(work).toEqual(['check decoy'])
  })
})

describe('a hasher with too much to do', () => {
  it('refuses at once, finishes what it took, and recovers', async () => {
    const gate = Promise.withResolvers<string>()
    const { scheme, work } = observed({ ...argon2idScheme, hash: () => gate.promise })
    const hasher = createPasswordHasher({ algorithm: 'argon2id', concurrency: 1, queueLimit: 1 }, scheme)
    const running = hasher.hash(PASSWORD)
    const waiting = hasher.verify(PASSWORD, current)

    const refused = [hasher.hash(PASSWORD), hasher.verify(PASSWORD, current), hasher.verify(PASSWORD, null)]
    for (const refusal of refused) await expect(refusal).rejects.toBeInstanceOf(HasherBusyError)
    expect(work).toEqual(['hash'])

    gate.resolve('hashed')
    expect(await running).toBe('hashed')
    expect(await waiting).toEqual({ matches: true })
    expect(await hasher.verify(PASSWORD, current)).toEqual({ matches: true })
  })

  it('lets 256 wait unless told otherwise', async () => {
    const gate = Promise.withResolvers<string>()
    const hasher = createPasswordHasher(
      { algorithm: 'argon2id', concurrency: 1 },
      { ...argon2idScheme, hash: () => gate.promise },
    )
    const taken = Array.from({ length: 1 + 256 }, () => hasher.hash(PASSWORD))

    await expect(hasher.hash(PASSWORD)).rejects.toBeInstanceOf(HasherBusyError)
    gate.resolve('hashed')
    expect(await Promise.all(taken)).toHaveLength(257)
  })
})

describe('the benchmark hasher', () => {
  const hasher = createPasswordHasher({ algorithm: 'benchmark' })

  it('makes cheap hashes that only it takes', async () => {
    const stored = await hasher.hash(PASSWORD)
    expect(stored).toMatch(/^benchmark\$sha256\$[0-9a-f]{32}\$[0-9a-f]{64}$/)
    expect(await hasher.hash(PASSWORD)).not.toBe(stored)
    expect(await hasher.verify(PASSWORD, stored)).toEqual({ matches: true })
    expect(await hasher.verify('wrong', stored)).toEqual({ matches: false })

    const { hasher: real, work } = observedHasher()
    expect(await real.verify(PASSWORD, stored)).toEqual({ matches: false })
    expect(work).toEqual(['check decoy'])
  })

  it.each([
    ['current', current],
    ['outdated', weaker],
    ['imported', imported],
  ])('checks a real hash that is %s and never replaces it', async (_, stored) => {
    expect(await hasher.verify(PASSWORD, stored)).toEqual({ matches: true })
    expect(await hasher.verify('wrong', stored)).toEqual({ matches: false })
  })

  it.each(unusable)('does the work of a cheap check for %s', async (_, stored) => {
    const { scheme, work } = observed(benchmarkScheme)

    expect(await createPasswordHasher({ algorithm: 'benchmark' }, scheme).verify('', stored)).toEqual({ matches: false })
    expect(work).toEqual(['check decoy'])
  })
})

describe('how many passwords are checked at once', () => {
  it.each([
    [undefined, 2, 2],
    [undefined, 16, 3],
    ['12', 16, 11],
    ['12', 8, 8],
    ['1', 8, 1],
    ['nonsense', 8, 3],
  ])('leaves a thread of the pool free: UV_THREADPOOL_SIZE=%s, %i processors', (size, processors, expected) => {
    expect(usualConcurrency(size, processors)).toBe(expected)
  })
})
