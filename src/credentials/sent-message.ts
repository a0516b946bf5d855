/** What messages are followed with. */
export interface DeliveryServices {
  readonly deliveryOf: (
    messageId: string,
  ) => Promise<{ readonly state: 'queued' | 'sent' | 'failed'; readonly problem: string } | undefined>
}

/** What a stage keeps of a message that it has sent, in its state. */
export type SentMessage = {
  /** The `messageId` of the effect that sends it. */
  readonly id: string
  /** Milliseconds since 1970: what it says is of no use after that. */
  readonly until: number
  /** `unknown`: nobody waits for it any more, whatever becomes of it. */
  readonly delivery: 'queued' | 'sent' | 'failed' | 'unknown'
}

/** The code of the error that tells of a message that was not sent, and will not be. */
export const deliveryFailed = 'delivery-failed'
/** What people are told of a text message where its provider says nothing. */
export const textNotSent = 'The text message could not be sent.'
/** The code of the error that tells of a message that takes too long. */
export const deliveryLate = 'delivery-late'
/** What people are told of a mail that was not sent: what mail servers say is for operators. */
export const mailNotSent = 'The mail could not be sent.'
/** What people are told of a message that takes too long. */
export const messageLate = 'The message has not been sent yet. It may still come.'

/** Seconds after which somebody who polls asks again: messages take a moment. */
const pollAfter = 2
/** Seconds after which the server looks by itself. News rings; this is for news whose ring was lost. */
const recheck = 30

/** A message that an effect with this `messageId` is about to send. */
export function queuedMessage(services: { readonly randomToken: () => string }, until: number): SentMessage {
  return { id: services.randomToken(), until, delivery: 'queued' }
}

/** The wait for a message to go out, for `wait(...)`; undefined where there is nothing to wait for. */
export function deliveryWait(message: SentMessage | undefined, { holds = false } = {}) {
  if (message?.delivery !== 'queued') return undefined
  const until = new Date(message.until)
  return { reason: 'delivery', until, pollAfter, recheck, delivery: 'queued', ...(holds && { holds }) } as const
}

/** What is new about a message. */
export interface DeliveryNews {
  /** To be kept in place of what was. */
  readonly message: SentMessage
  /** Why it was not sent, in the provider's words; undefined: it was. */
  readonly problem: string | undefined
}

/** What became of a message, for `resume`; undefined: nothing new. */
export async function newsOfDelivery(
  { deliveryOf }: DeliveryServices,
  message: SentMessage | undefined,
): Promise<DeliveryNews | undefined> {
  if (message?.delivery !== 'queued') return undefined
  const found = await deliveryOf(message.id)
  if (found?.state === 'queued') return undefined
  // It went out with what is kept here, and was forgotten since: nobody can tell any more what became of it.
  const delivery = found?.state ?? 'unknown'
  return { message: { ...message, delivery }, problem: delivery === 'failed' ? (found?.problem ?? '') : undefined }
}

/** Whether it is known that a message was not sent, to whoever looks before the news is told. */
export async function hasFailed(services: DeliveryServices, message: SentMessage | undefined): Promise<boolean> {
  return message?.delivery === 'failed' || (await newsOfDelivery(services, message))?.problem !== undefined
}

/** A message that is not waited for any longer, for `lapse`. It may still come. */
export function givenUp(message: SentMessage): SentMessage {
  return { ...message, delivery: message.delivery === 'queued' ? 'unknown' : message.delivery }
}
