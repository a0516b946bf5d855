import type { ServerResponse } from 'node:http'

/** What every answer tells browsers, unless its handler says otherwise. */
const commonHeaders = Object.entries({
  'cache-control': 'no-store',
  // Everything comes from here; a page that needs more brings a policy of its own.
  'content-security-policy':
    "default-src 'self'; img-src 'self' data: https:; style-src 'self' 'unsafe-inline'; frame-ancestors 'self'; base-uri 'none'; form-action 'self'",
  'cross-origin-opener-policy': 'same-origin',
  'origin-agent-cluster': '?1',
  'referrer-policy': 'same-origin',
  'strict-transport-security': 'max-age=15552000',
  vary: 'Origin',
  'x-content-type-options': 'nosniff',
  'x-dns-prefetch-control': 'off',
  'x-download-options': 'noopen',
  'x-frame-options': 'SAMEORIGIN',
  'x-permitted-cross-domain-policies': 'none',
  'x-xss-protection': '0',
})

/** Sets them on Node's own response: a handler's headers win, and `Response` objects stay cheap because nobody opens theirs. */
export function setCommonHeaders(outgoing: ServerResponse, requestId: string): void {
  for (const [name, value] of commonHeaders) outgoing.setHeader(name, value)
  outgoing.setHeader('x-request-id', requestId)
}
