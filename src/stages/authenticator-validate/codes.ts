import { takesCode, useCode } from '../../credentials/code-authenticators.ts'
import { isAlive, matchesCode } from '../../credentials/one-time-code.ts'
import { type Authenticator, throttledFor } from '../../flow/authenticators.ts'
import type { Effect } from '../../flow/effects.ts'
import type { JsonObject } from '../../flow/json.ts'
import { advance, invalid } from '../../flow/stage.ts'
import type { User } from '../../flow/user.ts'
import { type Context, stateOf } from './context.ts'
import { judgePasscode } from './duo/passcode.ts'
import { isSent, purposeOf } from './messages.ts'
import { proven } from './proof.ts'
import { throttlingFactor } from './settings.ts'

/** Only what the stage offers is tried, and nothing that has to wait after refused codes. */
export async function judgeCode(context: Context, user: User, offered: readonly Authenticator[], code: string) {
  const { config, services } = context
  const ours = offered.filter(({ kind }) => takesCode(kind) || isSent(kind))
  // Whatever people type is shown to Duo only where it can be nothing but a passcode of Duo's.
  const candidates = ours.length > 0 ? ours : offered.filter(({ kind }) => kind === 'duo')
  if (candidates.length === 0) return invalid('code', 'No compatible device class allowed')
  const now = services.now()
  const rested = candidates.filter((one) => throttledFor(one, throttlingFactor(config, one.kind), now) === 0)
  // Where nothing was sent, no code can be wrong.
  const ready = rested.filter(({ id, kind }) => !isSent(kind) || isAlive(services, stateOf(context).codes?.[id]))
  const verdict = ours.length > 0 ? judgeOurs(context, user, ready, code) : await judgePasscode(context, user, ready, code)
  if (verdict) return verdict
  const effects: Effect[] = ready.map(({ id }) => ({ type: 'fail_authenticator', id }))
  const message = 'Invalid Token. Please ensure the time on your device is accurate and try again.'
  return invalid('code', message, 'invalid', { effects })
}

function judgeOurs(context: Context, user: User, ready: readonly Authenticator[], code: string) {
  for (const one of ready) {
    const data = dataAfter(context, one, code)
    if (data) return advance(proven(context, user, { ...one, data }))
  }
  return undefined
}

/** The authenticator's data once the code is used; undefined when the code is not its own. */
function dataAfter(context: Context, { id, kind, data }: Authenticator, code: string): JsonObject | undefined {
  const { services } = context
  if (!isSent(kind)) return useCode(kind, data, code, services.now()) as JsonObject | undefined
  // The stage is passed with it, and what the stage kept is gone: it works once.
  return matchesCode(services, purposeOf(context, id), stateOf(context).codes?.[id], code) ? data : undefined
}
