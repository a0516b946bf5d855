import type { IncomingMessage } from 'node:http'
import type { BlockList } from 'node:net'
import type { IssuedHandle, RememberedDevice, Visitor } from '../flow/session.ts'
import type { SessionCookies } from '../session/cookie.ts'
import { type Origin, originOf } from './client-address.ts'
import { shownCertificate } from './client-certificate.ts'
import { languagesOf } from './languages.ts'

/** Prefix of session handles that travel in an Authorization header instead of a cookie. */
const handlePrefix = 'sds_'
/** Asks for a session without cookies, and carries its handle back. */
const sessionHeader = 'stagedoor-session'

const longestUserAgent = 400

/** What every face knows about a request, and how it hands a session handle back. */
export interface RequestContext {
  readonly visitor: Visitor
  readonly origin: Origin
  /** The key of an Authorization header that names an API token. */
  readonly apiKey: string | undefined
  /** Whether the session came in a cookie, which browsers send on anybody's behalf. */
  readonly byCookie: boolean
  /** Whether an unsafe request of a signed-in session proves that its page belongs to us. Few requests need to know. */
  csrfProven(): boolean
  /** Response headers that hand out a handle. */
  readonly issued: readonly (readonly [string, string])[]
  issue(reply: { readonly issued: IssuedHandle | undefined; readonly remembered?: readonly RememberedDevice[] }): Promise<void>
}

/** Makes a context of each request. */
export class RequestContexts {
  private readonly cookies: SessionCookies
  private readonly trusted: BlockList
  private readonly secureAlways: boolean
  private readonly proxyHeaders: ReadonlySet<string>

  /** `proxyHeaders`: what the trusted proxies always set or remove, in lower case, so that no client has written it. */
  constructor(cookies: SessionCookies, trusted: BlockList, publicUrl: string, proxyHeaders: readonly string[]) {
    this.cookies = cookies
    this.trusted = trusted
    this.secureAlways = publicUrl.startsWith('https:')
    this.proxyHeaders = new Set(proxyHeaders)
  }

  async of(incoming: Pick<IncomingMessage, 'headers' | 'socket'>, requestId: string): Promise<RequestContext> {
    const { headers } = incoming
    const origin = originOf(headers, incoming.socket as { remoteAddress?: string; encrypted?: boolean }, this.trusted)
    const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]
    const ownHandle = bearer?.startsWith(handlePrefix) ? bearer.slice(handlePrefix.length) : undefined
    const withoutCookies = ownHandle !== undefined || headers[sessionHeader] !== undefined
    const cookieHandle = withoutCookies ? undefined : await this.cookies.read(headers.cookie)
    const handle = ownHandle ?? cookieHandle
    const csrf = headers['x-authentik-csrf']

    const issued: (readonly [string, string])[] = []
    return {
      visitor: {
        session: handle === undefined ? { type: 'none' } : { type: 'handle', handle },
        clientIp: origin.clientIp,
        userAgent: (headers['user-agent'] ?? '').slice(0, longestUserAgent),
        requestId,
        host: origin.host,
        languages: () => languagesOf(headers['accept-language']),
        proxyHeader: (name) => (origin.behindProxy && this.proxyHeaders.has(name) ? joined(headers[name]) : undefined),
        get clientCertificate() {
          // A proxy shows its own one.
          return origin.behindProxy ? undefined : shownCertificate(incoming.socket)
        },
        deviceCookie: (name) => this.cookies.device(name, headers.cookie),
      },
      origin,
      apiKey: bearer !== undefined && ownHandle === undefined ? bearer : undefined,
      byCookie: cookieHandle !== undefined,
      csrfProven: () =>
        cookieHandle === undefined || (typeof csrf === 'string' && this.cookies.csrfMatches(cookieHandle, csrf, headers.cookie)),
      issued,
      issue: async ({ issued: next, remembered = [] }) => {
        const secure = this.secureAlways || origin.secure
        if (next && withoutCookies) issued.push([sessionHeader, `${handlePrefix}${next.handle}`])
        if (withoutCookies) return
        const cookies = next ? await this.cookies.issue(next, secure) : []
        for (const cookie of [...cookies, ...remembered.map((device) => this.cookies.remember(device, secure))])
          issued.push(['set-cookie', cookie])
      },
    }
  }
}

function joined(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(',') : header
}
