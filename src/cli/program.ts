import { text } from 'node:stream/consumers'
import { Command } from 'commander'
import { BlueprintError } from '../blueprints/blueprint-error.ts'
import { type Config, ConfigError, parseConfig, readEnvironment } from '../config.ts'
import { createPasswordHasher } from '../credentials/password-hasher.ts'
import { type Database, openDatabase } from '../db/database.ts'
import { MigrationError } from '../db/migration-history.ts'
import { version } from '../version.ts'
import { CommandError } from './command-error.ts'
import { createInvitation, type NewInvitation } from './invitations.ts'
import { resealSecrets } from './secrets.ts'
import { createUser, setPassword } from './users.ts'

/** Runs a command line and returns the exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(argv)
    return 0
  } catch (error) {
    if (!isExpected(error)) throw error
    process.stderr.write(`${error.name === 'ConfigError' ? `The configuration is wrong:\n${error.message}` : error.message}\n`)
    return 1
  }
}

// The whole server is read by the commands that need it only: the others answer at once.
function createProgram(): Command {
  const program = new Command('stagedoor')
    .description('A headless authentication flow server. Configured by environment variables, see the README.')
    .version(version)

  program
    .command('serve')
    .description('Migrates the database, loads the default blueprints and serves.')
    .action(async () => (await import('./serve.ts')).serve(readConfig()))

  program
    .command('migrate')
    .description('Brings the database up to date and ends.')
    .action(() =>
      withDatabase(async (_database, _config, applied) =>
        say(applied.length === 0 ? 'The database is up to date.' : `Applied: ${applied.join(', ')}`),
      ),
    )

  const blueprint = program.command('blueprint').description('Flows, stages and policies as YAML.')
  blueprint
    .command('apply')
    .description("Applies one file in authentik's format: all of it, or nothing.")
    .argument('<file>', 'the YAML file')
    .action((file: string) =>
      withDatabase(async (database, { secretKeys }) =>
        say(await (await import('./blueprints.ts')).applyBlueprintFile(database, secretKeys, file)),
      ),
    )

  const user = program.command('user').description('Accounts.')
  user
    .command('create')
    .description('Creates an account.')
    .argument('<username>', 'the name to sign in with')
    .option('--email <address>', 'the e-mail address', '')
    .option('--name <name>', 'the name to be called by', '')
    .option('--password-stdin', 'read the password from standard input; without it the account has none')
    .action((username: string, options: { email: string; name: string; passwordStdin?: true }) =>
      withDatabase(async (database, config) => {
        const passwordHash = options.passwordStdin ? await hashFromStandardInput(config) : undefined
        await createUser(database, { username, email: options.email, name: options.name, passwordHash })
        say(`Created ${username}.`)
      }),
    )
  user
    .command('set-password')
    .description('Sets a password and signs the account out everywhere.')
    .argument('<username>', 'the name to sign in with')
    .requiredOption('--password-stdin', 'read the password from standard input')
    .action((username: string) =>
      withDatabase(async (database, config) => {
        await setPassword(database, username, await hashFromStandardInput(config))
        say(`Set the password of ${username}.`)
      }),
    )

  program
    .command('secrets')
    .description('What is sealed in the database.')
    .command('reseal')
    .description('Seals all that lasts with SECRET_KEY, so that SECRET_KEY_PREVIOUS can be taken away.')
    .action(() => withDatabase(async (database, { secretKeys }) => say(await resealSecrets(database, secretKeys))))

  program
    .command('invitation')
    .description('Letters that let people into an enrolment flow.')
    .command('create')
    .description('Makes an invitation and prints its link.')
    .argument('<flow>', 'the slug of the flow it is for')
    .option('--name <name>', 'what to call it')
    .option('--single-use', 'let the first use be the last', false)
    .option('--expires <instant>', 'until when it may be used, such as 2026-12-31T12:00:00Z')
    .option('--data <json>', 'what the new account has, whatever is answered', '{}')
    .action((flow: string, options: Omit<NewInvitation, 'flow'>) =>
      withDatabase(async (database, config) => say(await createInvitation(database, config, { ...options, flow }))),
    )
  return program
}

function readConfig(): Config {
  return parseConfig(readEnvironment())
}

/** Works on the database once it is up to date. */
async function withDatabase(
  work: (database: Database, config: Config, applied: readonly string[]) => Promise<void>,
): Promise<void> {
  const config = readConfig()
  const database = openDatabase(config)
  try {
    await work(database, config, await database.migrate())
  } finally {
    await database.close()
  }
}

async function hashFromStandardInput(config: Config): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write('Type the password, then Enter and Ctrl-D.\n')
  const password = (await text(process.stdin)).replace(/\r?\n$/, '')
  if (password.length < 8) throw new CommandError('A password has at least 8 characters.')
  return createPasswordHasher({ algorithm: config.passwordHasher }).hash(password)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function isExpected(error: unknown): error is Error {
  return (
    error instanceof ConfigError ||
    error instanceof CommandError ||
    error instanceof MigrationError ||
    error instanceof BlueprintError ||
    isUnreachable(error)
  )
}

/** Nothing listens, or nobody is let in: the message says it, a stack would not. */
function isUnreachable(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return /^(ECONNREFUSED|ENOTFOUND|EADDRINUSE|EACCES|28P01|28000|3D000)$/.test(code)
}
