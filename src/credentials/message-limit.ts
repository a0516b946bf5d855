/** How many messages one person, or one address, is sent within the window. */
export const mostMessages = 5
/** Seconds. */
export const messageWindow = 300

/** What messages are counted with. */
export interface TurnServices {
  readonly takeTurn: (subject: string, most: number, window: number) => Promise<number | undefined>
  readonly mac: (purpose: string, text: string) => string
}

/** Counts a message on its way to somebody; undefined: it may go, else what to tell them. The limit knows addresses by digests. */
export async function refuseMessage(services: TurnServices, userId: number, address: string): Promise<string | undefined> {
  const subjects = [`messages to user ${userId}`, `messages to ${services.mac('message limit', address)}`]
  for (const subject of subjects) {
    const wait = await services.takeTurn(subject, mostMessages, messageWindow)
    if (wait !== undefined) return tooMany(wait)
  }
  return undefined
}

function tooMany(wait: number): string {
  const minutes = Math.max(1, Math.ceil(wait / 60))
  return `Too many messages. Try again in ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}.`
}
