import { type DestinationStream, type Logger, pino } from 'pino'
import { describeError, loggable } from './loggable.ts'
import { currentRequestId } from './request-scope.ts'

/** Structured lines on standard error; standard output is for people. No secret reaches them. */
export function createLogger(level: string, destination: DestinationStream = pino.destination({ fd: 2, sync: false })): Logger {
  return pino(
    {
      level,
      base: null,
      mixin: () => ({ requestId: currentRequestId() }),
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: withoutSecrets, bindings: withoutSecrets },
      // Errors are described before this; what else was thrown is not.
      serializers: { err: (error: unknown) => (typeof error === 'object' ? error : describeError(error)) },
    },
    destination,
  )
}

function withoutSecrets(members: object): Record<string, unknown> {
  return loggable(members) as Record<string, unknown>
}
