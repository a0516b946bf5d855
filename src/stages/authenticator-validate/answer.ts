import type { Authenticator } from '../../flow/authenticators.ts'
import type { JsonObject } from '../../flow/json.ts'
import { invalid, type Verdict } from '../../flow/stage.ts'
import type { User } from '../../flow/user.ts'
import { judgeCode } from './codes.ts'
import { type Context, type State, stateOf } from './context.ts'
import type { DuoFactor } from './duo/request.ts'
import { wantRequest } from './duo/start.ts'
import { isSent, sendCode } from './messages.ts'
import { firstOfEach } from './offer.ts'
import { judgeAssertion } from './passkeys.ts'

/** What somebody answers who has something to prove themselves with. */
export interface Answer {
  readonly code?: string | null | undefined
  readonly webauthn?: JsonObject | null | undefined
  readonly duo?: string | null | undefined
  readonly duoFactor?: DuoFactor | null | undefined
  readonly duoDevice?: string | null | undefined
  readonly selectedChallenge?: JsonObject | null | undefined
}

/** Judges a proof, or takes up what somebody wants to prove themselves with. */
export async function judgeAnswer(context: Context, user: User, offered: readonly Authenticator[], answer: Answer) {
  const { duo, message } = stateOf(context)
  const { selectedChallenge } = answer
  const selected = selectedChallenge ? selectedOf(offered, selectedChallenge) : undefined
  if (!duo && !message) return judge(context, user, offered, answer, selected)
  const state = leftBehind(context, selected)
  return keeping(state, await judge({ ...context, state }, user, offered, answer, selected))
}

/**
 * What an answer leaves of something slow, unless it passes or begins another. Turning to something else than Duo ends a
 * request there, and whoever answers is not kept waiting for what they have asked for before.
 */
function leftBehind(context: Context, selected: Authenticator | undefined): State {
  const { duo, ...others } = stateOf(context)
  const turnsAway = selected !== undefined && selected.kind !== 'duo'
  return { ...others, ...(duo && !turnsAway && { duo }), tried: true }
}

async function judge(
  context: Context,
  user: User,
  offered: readonly Authenticator[],
  { code, webauthn, duo, duoFactor, duoDevice, selectedChallenge }: Answer,
  selected: Authenticator | undefined,
): Promise<Verdict<never, unknown>> {
  if (selectedChallenge && !selected) return invalid('selectedChallenge', 'invalid challenge selected')
  if (code) {
    const named = duo ? offered.filter(({ id, kind }) => kind === 'duo' && id === duo) : offered
    return judgeCode(
      context,
      user,
      named.filter(({ kind }) => !selected || kind === selected.kind),
      code,
    )
  }
  if (webauthn) {
    const allowed = offered.some(({ kind }) => kind === 'webauthn')
    return allowed ? judgeAssertion(context, user, webauthn) : invalid('webauthn', 'No compatible device class allowed')
  }
  if (duo)
    return wantRequest(context, user, offered, { authenticator: duo, factor: duoFactor ?? 'auto', device: duoDevice || 'auto' })
  return selected && isSent(selected.kind) ? sendCode(context, user, selected) : invalid('nonFieldErrors', 'Empty response')
}

/** A refused answer leaves this behind, unless it has left something else. */
function keeping(state: State, verdict: Verdict<never, unknown>): Verdict<never, unknown> {
  if (verdict.type !== 'invalid' || verdict.changes.state !== undefined) return verdict
  return { ...verdict, changes: { ...verdict.changes, state } }
}

/** One of the entries that were shown, by what names it. */
function selectedOf(offered: readonly Authenticator[], challenge: Readonly<Record<string, unknown>>): Authenticator | undefined {
  const uid = challenge.deviceUid ?? challenge.device_uid
  // GraphQL shows the values of enums in capitals, and clients send the challenge back as they got it.
  const named = String(challenge.deviceClass ?? challenge.device_class ?? '').toLowerCase()
  return firstOfEach(offered).find(({ id, kind }) => id === uid && (named === '' || named === kind))
}
