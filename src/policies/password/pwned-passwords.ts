import { createHash } from 'node:crypto'

/** How long an answer may take (milliseconds); a form waits for it. */
const patience = 5000
/** A padded range has about a thousand lines of forty characters. */
const longestRange = 1_000_000
/** The rest of a SHA-1 hash, and how often it was seen; padding was seen 0 times. */
const lineFormat = /^([0-9A-F]{35}):(\d{1,15})$/

/** Where leaked passwords are looked up. */
export interface PwnedPasswords {
  readonly url: string
  /** Ends a look-up that nobody waits for any more. */
  readonly signal: AbortSignal
  readonly patience?: number
}

/**
 * In how many leaks a password was seen, by k-anonymity: the service hears five digits of its SHA-1 hash, as do a thousand other
 * passwords'. Throws when the service cannot say: a missing answer is no good news.
 */
export async function timesPwned(password: string, service: PwnedPasswords): Promise<number> {
  const hash = createHash('sha1').update(password).digest('hex').toUpperCase()
  const range = await readRange(hash.slice(0, 5), service)
  const lines = range.split(/\r?\n/).map((line) => lineFormat.exec(line))
  const seen = new Map(lines.map((line) => [line?.[1], Number(line?.[2])]))
  seen.delete(undefined)
  // A page of some network that wants a sign-in first looks like success, too.
  if (seen.size === 0) throw new Error(outage)
  return seen.get(hash.slice(5)) ?? 0
}

const outage = 'Leaked passwords cannot be looked up now.'

/** People are shown what is thrown here: it says nothing of the address, nor of the hash. */
async function readRange(prefix: string, { url, signal, patience: wait = patience }: PwnedPasswords): Promise<string> {
  try {
    const response = await fetch(`${url.replace(/\/+$/, '')}/range/${prefix}`, {
      headers: { 'add-padding': 'true', 'user-agent': 'stagedoor' },
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(wait)]),
    })
    if (!response.ok) throw new Error(`The service answered ${response.status}.`)
    return await readText(response)
  } catch (error) {
    throw new Error(outage, { cause: error })
  }
}

async function readText({ body }: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length > longestRange) throw new Error('The answer is too long.')
  }
  return text
}
