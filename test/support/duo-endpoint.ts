import { isIP } from 'node:net'
import type { DuoAccount, FakeDuoUser } from './duo-account.ts'
import { DuoRefusal } from './duo-request.ts'

/** What an endpoint works with. */
export interface EndpointContext {
  readonly parameters: ReadonlyMap<string, string>
  readonly account: DuoAccount
  readonly now: Date
  readonly origin: string
}

/** What comes back in an envelope: at once, or when something happens; what `later` returns is called when nobody waits any more. */
export type EndpointAnswer =
  | { readonly response: unknown; readonly metadata?: unknown }
  | { readonly later: (answer: (response: unknown) => void) => () => void }

/** A value that Duo does not take. */
export function invalid(name: string): DuoRefusal {
  return new DuoRefusal(40_002, 'Invalid request parameters', name)
}

/** Whom a request is about; throws unless it names somebody once. */
export function userOf({ parameters, account }: EndpointContext): FakeDuoUser | undefined {
  const [id, name] = [parameters.get('user_id'), parameters.get('username')]
  if (!id && !name) throw new DuoRefusal(40_001, 'Missing required request parameters', 'username')
  if (id && name) throw invalid('user_id')
  return id ? account.users.get(id) : account.find(name ?? '')
}

/** Refuses an `ipaddr` that is none. */
export function checkAddress(parameters: ReadonlyMap<string, string>): void {
  const address = parameters.get('ipaddr')
  if (address !== undefined && isIP(address) === 0) throw invalid('ipaddr')
}

/** A number among the parameters. */
export function wholeNumber(parameters: ReadonlyMap<string, string>, name: string, fallback: number): number {
  const given = parameters.get(name) ?? String(fallback)
  if (!/^\d+$/.test(given)) throw invalid(name)
  return Number(given)
}

/** As Duo says moments. */
export function seconds(moment: Date): number {
  return Math.floor(moment.getTime() / 1000)
}
