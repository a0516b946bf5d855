/** Which pages may read answers and send unsafe requests: our own, and those that the operator lists. */
export class AllowedOrigins {
  private readonly listed: ReadonlySet<string>
  private readonly publicOrigin: string

  constructor(corsOrigins: readonly string[], publicUrl: string) {
    this.listed = new Set(corsOrigins)
    this.publicOrigin = new URL(publicUrl).origin
  }

  /** A request without an Origin header comes from no page. */
  admits(origin: string | undefined, ownOrigin: string): boolean {
    return origin === undefined || origin === this.publicOrigin || origin === ownOrigin || this.listed.has(origin)
  }

  /** Whether the operator lists an origin. */
  lists(origin: string): boolean {
    return this.listed.has(origin)
  }

  /** The CORS headers of an answer; none for a page of our own or of a stranger. */
  headersFor(origin: string | undefined): readonly (readonly [string, string])[] {
    if (origin === undefined || !this.lists(origin)) return []
    return [
      ['access-control-allow-origin', origin],
      ['access-control-allow-credentials', 'true'],
      ['access-control-expose-headers', 'x-request-id, stagedoor-session, retry-after'],
    ]
  }

  /** What a preflight is told. */
  preflightFor(origin: string | undefined): readonly (readonly [string, string])[] {
    const headers = this.headersFor(origin)
    if (headers.length === 0) return []
    return [
      ...headers,
      ['access-control-allow-methods', 'GET, POST, OPTIONS'],
      ['access-control-allow-headers', 'content-type, accept, authorization, x-authentik-csrf, x-request-id, stagedoor-session'],
      ['access-control-max-age', '600'],
    ]
  }
}
