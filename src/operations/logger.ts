import { type Logger, pino } from 'pino'
import { currentRequestId } from './request-scope.ts'

/** Members that never reach the log, wherever they stand in what is logged. */
const secrets = [
  'password',
  'token',
  'secret',
  'authorization',
  'cookie',
  'set-cookie',
  'code',
  'stepToken',
  'handle',
  'passwordHash',
  'uid_field',
  'uidField',
]

/** Structured lines on standard error; standard output is for people. */
export function createLogger(level: string): Logger {
  const paths = secrets.flatMap((name) => [`["${name}"]`, `*["${name}"]`, `*.*["${name}"]`])
  return pino(
    {
      level,
      base: null,
      mixin: () => ({ requestId: currentRequestId() }),
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths, censor: '[redacted]' },
      serializers: { err: describeError },
    },
    pino.destination({ fd: 2, sync: false }),
  )
}

/** What is worth knowing of an error. Parameters of queries are not: they hold what people typed. */
function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error).slice(0, 2000) }
  const code = 'code' in error ? { code: String(error.code) } : {}
  const cause = error.cause === undefined ? {} : { cause: describeError(error.cause) }
  return { name: error.name, message: error.message.slice(0, 2000), ...code, stack: error.stack?.slice(0, 4000), ...cause }
}
