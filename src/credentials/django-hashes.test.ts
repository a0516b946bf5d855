import bcrypt from 'bcryptjs'
import { describe, expect, it } from 'vitest'
import { readDjangoHash } from './django-hashes.ts'

const PASSWORD = 'pässwörd 🔑 '

// Written by Django 5.2's hashers, the argon2i ones by argon2-cffi, which those use.
const encodings = {
  'PBKDF2 with SHA-256': 'pbkdf2_sha256$1000$Sülz/salt+1$A+JsUHHg6mmd4o8PHc7qF8qZ3fHcFtibOJvPE13zM2k=',
  'PBKDF2 with SHA-256, as by default':
    'pbkdf2_sha256$1000000$TPUlM3vGAW1HZOmAGe0Rz3$oihcAHwDLrBq4OD0svUAWeYIdG7B/9DusTkWdAUHPtU=',
  'PBKDF2 with SHA-1': 'pbkdf2_sha1$1000$saltsalt$yUq6Q4yy8JEA6BcpRa/hhS7GABw=',
  argon2id: 'argon2$argon2id$v=19$m=64,t=3,p=2$c2FsdHNhbHRzYWx0c2FsdDEyMzQ1Ng$3JMGH1DBGiy/dlav9vk3SEoOvxMNnD4F/OtTw8hd87o',
  'argon2id, as by default':
    'argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHRzYWx0c2FsdDEyMzQ1Ng$NnyYJpGbkrhVvM0TqxlUkO2uiq+krfFPx232UXaocvA',
  argon2i: 'argon2$argon2i$v=19$m=512,t=2,p=2$c2FsdHNhbHRzYWx0$6LLpdhOVS7zZ8R3WGJ18nw',
  'argon2i of the version before': 'argon2$argon2i$v=16$m=512,t=2,p=2$c2FsdHNhbHRzYWx0$bDqJZDksZCLmpay6vBUr8A',
  'bcrypt of a digest': 'bcrypt_sha256$$2b$04$abcdefghijklmnopqrstuu1IPvKulU5koQXGBmrk0uT4HYHaOuRLm',
  bcrypt: 'bcrypt$$2b$04$abcdefghijklmnopqrstuud1IBUEz.sSdm3W.W3bAm5bXjfRAhaY.',
  scrypt: 'scrypt$1024$saltsalt$8$2$77b0l8FnsFLqDZ0iMjm1RK65OBXoIovIt75A4oHO7Bcf6i+tJmW5ANIeutCQmvG4Ef57nGre5cSg31yPwQoLiQ==',
  'scrypt, as by default':
    'scrypt$16384$seasalt$8$5$nkvI4O50DP6IW2zVuo1co7SwtkJjHFFYX73F/M3BXOk/Ep3JRLy33Ls80Z+omZoCJFllgEP0ZPjskaj+ywL1Gw==',
}

async function check(encoded: string, password: string): Promise<boolean | 'unreadable'> {
  return (await readDjangoHash(encoded)?.(password)) ?? 'unreadable'
}

describe.each(Object.entries(encodings))('a password Django stored with %s', (_, encoded) => {
  it('matches as it was typed and not otherwise', async () => {
    expect(await check(encoded, PASSWORD)).toBe(true)
    expect(await check(encoded, PASSWORD.trim())).toBe(false)
    expect(await check(encoded, '')).toBe(false)
  })

  it('does not match when the stored digest differs', async () => {
    const altered = encoded.replace(/.(?=.{5}$)/, (character) => (character === 'A' ? 'B' : 'A'))

    expect(await check(altered, PASSWORD)).toBe(false)
  })
})

describe('a password longer than bcrypt reads', () => {
  const long = 'x'.repeat(80)
  const tail = `${'x'.repeat(79)}y`

  it('counts whole where Django digested it first', async () => {
    const digest = 'd929cdeea7e6a0f46b59448d36a6fd491df8647cf292040508162ee5f6435ab8'
    const encoded = `bcrypt_sha256$${await bcrypt.hash(digest, 4)}`

    expect(await check(encoded, long)).toBe(true)
    expect(await check(encoded, tail)).toBe(false)
  })

  it('counts to the 72nd byte where Django did not', async () => {
    const encoded = `bcrypt$${await bcrypt.hash(long, 4)}`

    expect(await check(encoded, tail)).toBe(true)
    expect(await check(encoded, 'x'.repeat(71))).toBe(false)
  })
})

describe('what a stored hash may cost to check', () => {
  const digest43 = 'A'.repeat(43)
  const bcrypt53 = 'a'.repeat(53)

  it.each([
    ['PBKDF2 iterations', (count: number) => `pbkdf2_sha256$${count}$salt$AAAA`, 10_000_000, 10_000_001],
    ['argon2 memory', (kib: number) => `argon2$argon2id$v=19$m=${kib},t=1,p=1$c2FsdHNhbHQ$${digest43}`, 2 ** 20, 2 ** 20 + 1],
    ['argon2 passes', (count: number) => `argon2$argon2id$v=19$m=1048576,t=${count},p=1$c2FsdHNhbHQ$${digest43}`, 4, 5],
    ['bcrypt cost', (cost: number) => `bcrypt$$2b$${cost}$${bcrypt53}`, 16, 17],
    ['bcrypt cost of a digest', (cost: number) => `bcrypt_sha256$$2b$${cost}$${bcrypt53}`, 16, 17],
    ['scrypt N', (n: number) => `scrypt$${n}$salt$2$1$AAAA`, 2 ** 20, 2 ** 21],
    ['scrypt block size', (r: number) => `scrypt$1048576$salt$${r}$1$AAAA`, 8, 9],
    ['scrypt parallelism', (p: number) => `scrypt$1048576$salt$8$${p}$AAAA`, 1, 2],
  ])('is bounded: %s', (_, encoded, most, tooMuch) => {
    expect(readDjangoHash(encoded(most))).toBeTypeOf('function')
    expect(readDjangoHash(encoded(tooMuch))).toBeUndefined()
  })
})

describe('what Django never wrote', () => {
  it.each([
    ['nothing', ''],
    ['an unusable password', '!'],
    ['an unusable password with its suffix', '!CQ6S10daUU5tCWReUYDy6ccGtOiA8t08DjVL1DzH'],
    ['an unusable password that was usable', `!${encodings.bcrypt}`],
    ['a bare word', 'password'],
    ['an unknown algorithm', 'md5$salt$5f4dcc3b5aa765d61d8327deb882cf99'],
    ['a member every object has', 'constructor$1$salt$AAAA'],
    ['PBKDF2 without a digest', 'pbkdf2_sha256$1000$salt'],
    ['PBKDF2 with an empty digest', 'pbkdf2_sha256$1000$salt$'],
    ['PBKDF2 without a salt', 'pbkdf2_sha256$1000$$AAAA'],
    ['PBKDF2 without iterations', 'pbkdf2_sha256$$salt$AAAA'],
    ['PBKDF2 with no iterations', 'pbkdf2_sha256$0$salt$AAAA'],
    ['PBKDF2 with fewer than no iterations', 'pbkdf2_sha256$-1$salt$AAAA'],
    ['PBKDF2 with iterations in words', 'pbkdf2_sha256$1e3$salt$AAAA'],
    ['PBKDF2 with a field too many', 'pbkdf2_sha256$1000$salt$AAAA$AAAA'],
    ['argon2 without its variety', 'argon2$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$AAAA'],
    ['argon2d', 'argon2$argon2d$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$PiwZHIOIAUkR4s5N27VRXC1nQO7Q02+ekjoVGJXrza8'],
    ['argon2 with a digest too short', 'argon2$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$AAAA'],
    ['argon2 with no memory', 'argon2$argon2id$v=19$m=0,t=1,p=1$c2FsdHNhbHQ$bDqJZDksZCLmpay6vBUr8A'],
    ['bcrypt without a digest', 'bcrypt$$2b$04$'],
    ['bcrypt below its least cost', `bcrypt$$2b$03$${'a'.repeat(53)}`],
    ['bcrypt without a cost', `bcrypt$$2b$$${'a'.repeat(53)}`],
    ['scrypt without rounds', 'scrypt$0$salt$8$1$AAAA'],
    ['scrypt with one round', 'scrypt$1$salt$8$1$AAAA'],
    ['scrypt with rounds that are no power of two', 'scrypt$1000$salt$8$1$AAAA'],
    ['scrypt with more rounds than its block size allows', 'scrypt$65536$salt$1$1$AAAA'],
    ['scrypt without a block size', 'scrypt$1024$salt$0$1$AAAA'],
    ['scrypt without parallelism', 'scrypt$1024$salt$8$0$AAAA'],
    ['scrypt in another order', 'scrypt$salt$1024$8$1$AAAA'],
  ])('is not read: %s', (_, encoded) => {
    expect(readDjangoHash(encoded)).toBeUndefined()
  })

  it('lets scrypt use all the memory its parameters ask for', async () => {
    expect(await check('scrypt$32768$salt$1$1$AAAA', PASSWORD)).toBe(false)
    expect(await check('scrypt$2$salt$1$1000$AAAA', PASSWORD)).toBe(false)
    expect(await check('scrypt$2$salt$100$1$AAAA', PASSWORD)).toBe(false)
  })

  it('does not match a digest in another spelling', async () => {
    const encoded = encodings['PBKDF2 with SHA-1']

    expect(await check(encoded.replace('GABw=', 'GABw'), PASSWORD)).toBe(false)
    expect(await check(encoded.replace('GABw=', 'GABx='), PASSWORD)).toBe(false)
  })

  it.each(Object.entries(encodings))('has no match in half a character, checked with %s', async (_, encoded) => {
    expect(await check(encoded, '\ud83d\0')).toBe(false)
  })
})
