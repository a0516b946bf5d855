import { DeliveryFailure } from './delivery-failure.ts'

/** Replies that speak of us rather than of the mail: an operator may mend what is wrong (RFC 4954, section 6). */
const aboutUs = [530, 534, 535, 538]

/** What a mail server's refusal means. All but a clear no to this mail may pass. */
export function mailFailure(error: unknown): DeliveryFailure {
  const { code, responseCode } = (error instanceof Error ? error : {}) as { code?: unknown; responseCode?: unknown }
  const reply = typeof responseCode === 'number' ? responseCode : 0
  const aboutThisMail = code === 'EENVELOPE' || code === 'EMESSAGE'
  const permanent = aboutThisMail && (reply === 0 || reply >= 500) && !aboutUs.includes(reply)
  return new DeliveryFailure(error instanceof Error ? error.message : String(error), { permanent, cause: error })
}
