/** How many messages one person, or one address, is sent within the window. */
export const mostMessages = 5
/** Seconds. */
export const messageWindow = 300

/** What messages are counted with. */
export interface TurnServices {
  readonly takeTurn: (subject: string, most: number, window: number) => Promise<number | undefined>
  readonly mac: (purpose: string, text: string) => string
}

/** Why a message may not go, and for how long. */
export interface MessageRefusal {
  /** What to tell people. */
  readonly message: string
  readonly seconds: number
}

/** Counts a message on its way to somebody; undefined: it may go. The limit knows addresses by digests. */
export async function limitMessage(services: TurnServices, userId: number, address: string): Promise<MessageRefusal | undefined> {
  const subjects = [`messages to user ${userId}`, `messages to ${services.mac('message limit', address)}`]
  for (const subject of subjects) {
    const seconds = await services.takeTurn(subject, mostMessages, messageWindow)
    if (seconds !== undefined) return { message: tooMany(seconds), seconds }
  }
  return undefined
}

function tooMany(seconds: number): string {
  const minutes = Math.max(1, Math.ceil(seconds / 60))
  return `Too many messages. Try again in ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}.`
}

/** The messages that one stage has sent in one window. Kept in its state, it tells of the limit before somebody runs into it. */
export type MessageTally = {
  readonly count: number
  /** Milliseconds since 1970. */
  readonly since: number
}

/** The tally with one more, which begins anew where the window (seconds) is over. */
export function withMessage(tally: MessageTally | undefined, now: Date, window = messageWindow): MessageTally {
  const goesOn = tally !== undefined && now.getTime() < tally.since + window * 1000
  return goesOn ? { ...tally, count: tally.count + 1 } : { count: 1, since: now.getTime() }
}

/** When the next message may be asked for (milliseconds since 1970); undefined: at any time. */
export function nextMessageAt(tally: MessageTally | undefined, most = mostMessages, window = messageWindow): number | undefined {
  return tally !== undefined && tally.count >= most ? tally.since + window * 1000 : undefined
}

/** The action that sends a message once more, for `actions`; `at` (milliseconds since 1970) is when it may. */
export function resendAction(at: number | undefined) {
  if (at === undefined) return { type: 'resend' } as const
  return { type: 'resend', availableAt: at, reason: 'Too many messages were asked for.' } as const
}
