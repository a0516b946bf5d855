const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
const shape = new RegExp(`^${label}(?:\\.${label})*(?::\\d{1,5})?$`, 'i')

/** Where requests go. */
export interface ApiHost {
  readonly hostname: string
  readonly port: number
  /** Both, as the `Host` header says them. */
  readonly host: string
}

/** Reads a host name with or without a port; undefined for anything else, such as a URL or a name with a password before it. */
export function readApiHost(text: string): ApiHost | undefined {
  if (text.length > 260 || !shape.test(text) || !URL.canParse(`https://${text}`)) return undefined
  const { hostname, port, host } = new URL(`https://${text}`)
  // A URL has more ways to write an address than a host name has: 0x7f.1 is 127.0.0.1.
  if (hostname !== text.replace(/:\d+$/, '').toLowerCase() || port === '0') return undefined
  return { hostname, port: port === '' ? 443 : Number(port), host }
}
