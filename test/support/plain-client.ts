import { Agent, type IncomingHttpHeaders, request } from 'node:http'

/** A server's answer, read to its end. */
export interface PlainReply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** A browser's worth of HTTP that costs next to nothing: connections are kept, cookies are carried, redirects are not followed. */
export class PlainClient {
  private readonly url: URL
  private readonly agent: Agent
  private readonly extra: Readonly<Record<string, string>>
  private readonly cookies = new Map<string, string>()

  /** `extra`: headers of every request, such as those that a proxy adds. */
  constructor(url: string, agent: Agent = new Agent({ keepAlive: true }), extra: Readonly<Record<string, string>> = {}) {
    this.url = new URL(url)
    this.agent = agent
    this.extra = extra
  }

  cookie(name: string): string | undefined {
    return this.cookies.get(name)
  }

  /** Becomes a browser that was never here. */
  forget(): void {
    this.cookies.clear()
  }

  /** The same browser at another node. */
  at(url: string): PlainClient {
    const other = new PlainClient(url, undefined, this.extra)
    for (const [name, value] of this.cookies) other.cookies.set(name, value)
    return other
  }

  get cookieHeader(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  get(path: string): Promise<PlainReply> {
    return this.send('GET', path)
  }

  post(path: string, body: object): Promise<PlainReply> {
    return this.send('POST', path, JSON.stringify(body))
  }

  private send(method: string, path: string, body?: string): Promise<PlainReply> {
    const { hostname, port } = this.url
    return new Promise((resolve, reject) => {
      const outgoing = request({ hostname, port, method, path, agent: this.agent, headers: this.headers(body) }, (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.on('error', reject)
        incoming.on('end', () => {
          this.keep(incoming.headers['set-cookie'])
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            text: Buffer.concat(chunks).toString('utf8'),
          })
        })
      })
      outgoing.on('error', reject)
      outgoing.end(body)
    })
  }

  /** What a page's script sends, as authentik's own client does. */
  private headers(body: string | undefined): Record<string, string | number> {
    const csrf = this.cookies.get('authentik_csrf')
    return {
      accept: 'application/json',
      ...this.extra,
      ...(this.cookies.size > 0 && { cookie: this.cookieHeader }),
      ...(csrf !== undefined && { 'x-authentik-csrf': csrf }),
      ...(body !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    }
  }

  private keep(setCookies: readonly string[] = []): void {
    for (const line of setCookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      this.cookies.set(name, value)
    }
  }
}
