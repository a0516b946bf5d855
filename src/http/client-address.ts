import type { IncomingHttpHeaders } from 'node:http'
import { type BlockList, isIP } from 'node:net'

/** What a request says about where it came from, once proxies that nobody trusts are not listened to. */
export interface Origin {
  readonly clientIp: string
  /** Without the port, in lower case. */
  readonly host: string
  /** As browsers spell this server in an Origin header. */
  readonly ownOrigin: string
  readonly secure: boolean
  /** Whether a proxy sent the request whose headers the operator trusts. */
  readonly behindProxy: boolean
}

/** Reads the connection, and forwarded headers only where a trusted proxy sent them. */
export function originOf(
  headers: IncomingHttpHeaders,
  socket: { readonly remoteAddress?: string | undefined; readonly encrypted?: boolean | undefined },
  trusted: BlockList,
): Origin {
  const remote = plainAddress(socket.remoteAddress ?? '')
  const behindProxy = isTrusted(remote, trusted)
  const secure =
    behindProxy && headers['x-forwarded-proto'] !== undefined
      ? first(headers['x-forwarded-proto']) === 'https'
      : socket.encrypted === true
  const authority = (behindProxy ? first(headers['x-forwarded-host']) : undefined) ?? headers.host ?? ''
  return {
    clientIp: behindProxy ? forwardedAddress(headers['x-forwarded-for'], remote, trusted) : remote,
    host: hostOf(authority),
    ownOrigin: `${secure ? 'https' : 'http'}://${authority.toLowerCase()}`,
    secure,
    behindProxy,
  }
}

/** The last address in the chain that no trusted proxy has: everything before it, anybody can have written. */
function forwardedAddress(header: string | string[] | undefined, remote: string, trusted: BlockList): string {
  const chain = [header ?? []].flat().flatMap((line) => line.split(','))
  let nearest = remote
  for (const part of chain.map((text) => text.trim()).reverse()) {
    if (part === '') continue
    const address = readAddress(part)
    // A proxy that does not say whom it heard: what stands before that, anybody can have written as well.
    if (address === undefined) return nearest
    if (!isTrusted(address, trusted)) return address
    nearest = address
  }
  return nearest
}

/** An address with or without a port, as proxies write it. */
function readAddress(text: string): string | undefined {
  const bare = /^\[(.+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text
  const address = plainAddress(bare)
  return isIP(address) === 0 ? undefined : address
}

function isTrusted(address: string, trusted: BlockList): boolean {
  const family = isIP(address)
  return family !== 0 && trusted.check(address, family === 6 ? 'ipv6' : 'ipv4')
}

/** IPv4 as such, where the socket speaks IPv6. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address
}

function first(header: string | string[] | undefined): string | undefined {
  return [header ?? []].flat()[0]?.split(',')[0]?.trim()
}

function hostOf(authority: string): string {
  const bracket = authority.lastIndexOf(']')
  const colon = authority.lastIndexOf(':')
  return (colon > bracket ? authority.slice(0, colon) : authority).toLowerCase()
}
