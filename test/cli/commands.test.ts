import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createSecretBox } from '../../src/credentials/secret-box.ts'
import { configContext } from '../../src/db/config-secrets.ts'
import { openDatabase } from '../../src/db/database.ts'
import { Browser } from '../support/browser.ts'
import { startChildServer } from '../support/child-server.ts'
import { quickEnvironment, runCommand } from '../support/command-line.ts'
import { seedFlow } from '../support/seed.ts'

/** Processes start slowly where others run beside them. */
const patience = 120_000

describe('every command', { timeout: patience }, () => {
  it.each([
    [[], /Usage: stagedoor \[options\] \[command\]/],
    [['serve'], /Usage: stagedoor serve/],
    [['migrate'], /Usage: stagedoor migrate/],
    [['user'], /Usage: stagedoor user/],
    [['user', 'create'], /Usage: stagedoor user create .*<username>[\s\S]*--password-stdin/],
    [['user', 'set-password'], /Usage: stagedoor user set-password .*<username>[\s\S]*--password-stdin/],
    [['secrets', 'reseal'], /Usage: stagedoor secrets reseal/],
    [['invitation', 'create'], /Usage: stagedoor invitation create .*<flow>[\s\S]*--single-use/],
  ])('explains itself: %j --help', async (command, usage) => {
    const { code, output, errors } = await runCommand([...command, '--help'])

    expect(output).toMatch(usage)
    expect({ code, errors }).toEqual({ code: 0, errors: '' })
  })

  it('tells its version', async () => {
    expect(await runCommand(['--version'])).toMatchObject({ code: 0, output: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
  })

  it.each([
    [['dance'], /unknown command 'dance'/],
    [['user', 'create'], /missing required argument 'username'/],
    [['user', 'set-password', 'ada'], /required option '--password-stdin' not specified/],
    [['migrate', '--fast'], /unknown option '--fast'/],
  ])('says what it does not understand: %j', async (command, problem) => {
    const { code, errors } = await runCommand(command)

    expect(code).toBe(1)
    expect(errors).toMatch(problem)
    expect(errors).not.toMatch(/\n +at /)
  })
})

describe('migrate', { timeout: patience }, () => {
  it('brings the database up to date, once', async () => {
    const env = quickEnvironment()

    expect(await runCommand(['migrate'], env)).toEqual({ code: 0, output: expect.stringMatching(/^Applied: \d+\w+/), errors: '' })
    expect(await runCommand(['migrate'], env)).toEqual({ code: 0, output: 'The database is up to date.\n', errors: '' })
  })

  it('says that a database does not answer', async () => {
    const env = { ...quickEnvironment(), DATABASE_URL: 'postgresql://127.0.0.1:9/nothing' }
    const { code, errors } = await runCommand(['migrate'], env)

    expect(code).toBe(1)
    expect(errors).toMatch(/ECONNREFUSED/)
    expect(errors).not.toMatch(/\n +at /)
  })
})

describe('user', { timeout: patience }, () => {
  it('create makes an account that signs in with the password from standard input', async () => {
    const env = quickEnvironment()
    const created = await runCommand(
      ['user', 'create', 'ada', '--email', 'ada@example.test', '--name', 'Ada L.', '--password-stdin'],
      env,
      'a password of my own\n',
    )
    const server = await startChildServer({ ...env, LOG_LEVEL: 'error' })
    onTestFinished(async () => void (await server.stop('SIGKILL')))
    const browser = new Browser(server.url)
    await browser.signIn('default-authentication-flow', { username: 'ada', password: 'a password of my own' })

    expect(created).toEqual({ code: 0, output: 'Created ada.\n', errors: '' })
    expect(await browser.graphql('{ viewer { user { username name email } } }')).toEqual({
      data: { viewer: { user: { username: 'ada', name: 'Ada L.', email: 'ada@example.test' } } },
    })
  })

  it('set-password ends the sessions that the old one has opened, while the server runs', async () => {
    const env = quickEnvironment()
    await runCommand(['user', 'create', 'ada', '--password-stdin'], env, 'the old password')
    const server = await startChildServer({ ...env, LOG_LEVEL: 'error' })
    onTestFinished(async () => void (await server.stop('SIGKILL')))
    const browser = new Browser(server.url)
    await browser.signIn('default-authentication-flow', { username: 'ada', password: 'the old password' })

    const changed = await runCommand(['user', 'set-password', 'ada', '--password-stdin'], env, 'the new password')

    expect(changed).toEqual({ code: 0, output: 'Set the password of ada.\n', errors: '' })
    expect(await browser.graphql('{ viewer { user { id } } }')).toEqual({ data: { viewer: null } })
    const refused = await browser.signIn('default-authentication-flow', { username: 'ada', password: 'the old password' })
    expect(refused.challenge.responseErrors).toMatchObject([{ message: 'Invalid password' }])
    const taken = await browser.answer(refused, { password: { password: 'the new password' } })
    expect(taken.status).toBe('FINISHED')
  })

  it('create without a password makes an account that nobody signs in to', async () => {
    const env = quickEnvironment()
    await runCommand(['user', 'create', 'ada'], env)

    const database = openDatabase({ dataDir: env.DATA_DIR })
    onTestFinished(() => database.close())
    expect(await database.prisma.user.findMany()).toMatchObject([{ username: 'ada', passwordHash: null, isActive: true }])
  })
})

describe('invitation create', { timeout: patience }, () => {
  const create = (env: Record<string, string>, ...options: string[]) =>
    runCommand(['invitation', 'create', 'joining', ...options], { ...env, PUBLIC_URL: 'https://login.example.test' })

  async function withFlow() {
    const env = quickEnvironment()
    await runCommand(['migrate'], env)
    const database = openDatabase({ dataDir: env.DATA_DIR ?? '' })
    onTestFinished(() => database.close())
    await seedFlow(database, { slug: 'joining', stages: [{ kind: 'invitation' }] })
    return { env, invitations: () => database.prisma.invitation.findMany({ include: { flow: true } }) }
  }

  it('makes an invitation, and prints the link for who is invited', async () => {
    const { env, invitations } = await withFlow()
    const options = [
      '--single-use',
      '--expires',
      '2026-12-31T12:00:00Z',
      '--data',
      '{"email":"ada@example.test"}',
      '--name',
      'ada',
    ]
    const { code, output } = await create(env, ...options)
    const [made] = await invitations()

    expect(made).toMatchObject({
      name: 'ada',
      singleUse: true,
      expiresAt: new Date('2026-12-31T12:00:00Z'),
      fixedData: { email: 'ada@example.test' },
      flow: { slug: 'joining' },
    })
    expect({ code, output }).toEqual({ code: 0, output: `https://login.example.test/if/flow/joining/?itoken=${made?.id}\n` })
    expect((await create(env, '--name', 'ada')).errors).toMatch(/There is an invitation "ada" already/)
  })

  it('says what is wrong, and makes none', async () => {
    const { env, invitations } = await withFlow()

    expect(await create(env, '--data', '[1]')).toMatchObject({ code: 1, errors: expect.stringMatching(/a JSON object/) })
    expect(await create(env, '--data', '{')).toMatchObject({ code: 1, errors: expect.stringMatching(/a JSON object/) })
    expect(await create(env, '--expires', 'tomorrow')).toMatchObject({ code: 1, errors: expect.stringMatching(/an instant/) })
    expect(await runCommand(['invitation', 'create', 'nowhere'], env)).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/no flow "nowhere"/),
    })
    expect(await invitations()).toEqual([])
  })
})

describe('secrets reseal', { timeout: patience }, () => {
  it('says what it has sealed anew, and what it could not', async () => {
    const env = quickEnvironment()
    const before = 'the key of last year, which somebody has seen'
    await runCommand(['migrate'], env)
    const database = openDatabase({ dataDir: env.DATA_DIR ?? '' })
    onTestFinished(() => database.close())
    const sealed = (key: string, id: string) => createSecretBox([key]).seal('{}', configContext(id))
    const stage = { kind: 'captcha', config: {} }
    await database.prisma.stage.create({ data: { ...stage, id: 'a', name: 'a', sealed: sealed(before, 'a') } })

    expect(await runCommand(['secrets', 'reseal'], { ...env, SECRET_KEY_PREVIOUS: before })).toMatchObject({
      code: 0,
      output: 'Sealed 1 secrets anew.\n',
    })
    expect(await runCommand(['secrets', 'reseal'], env)).toMatchObject({ code: 0 })
    await database.prisma.stage.create({ data: { ...stage, id: 'b', name: 'b', sealed: sealed(before, 'b') } })
    expect(await runCommand(['secrets', 'reseal'], env)).toMatchObject({ code: 1, errors: expect.stringMatching(/Stage b/) })
  })
})

describe('user, called wrongly', { timeout: patience }, () => {
  const env = quickEnvironment()

  beforeAll(async () => void (await runCommand(['user', 'create', 'ada'], env)), patience)

  it.each([
    [['create', 'Ada'], '', 'There is a user "Ada" already.\n'],
    [['create', 'no blanks please'], '', 'A user name has 1 to 150 letters, digits and @ . + - _.\n'],
    [['create', 'bob', '--password-stdin'], 'short\n', 'A password has at least 8 characters.\n'],
    [['set-password', 'nobody', '--password-stdin'], 'long enough', 'There is no user "nobody".\n'],
    [['set-password', 'ada', '--password-stdin'], '', 'A password has at least 8 characters.\n'],
  ])('%j is refused in a sentence', async (command, input, sentence) => {
    expect(await runCommand(['user', ...command], env, input)).toEqual({ code: 1, output: '', errors: sentence })
  })
})
