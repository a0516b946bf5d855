import { CookieJar } from './cookie-jar.ts'

/** How to send a request that is not plain. */
export interface RequestOptions {
  readonly json?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** Sends requests with a browser's cookies, and never goes on by itself. */
export class Browser {
  readonly jar: CookieJar
  protected readonly url: string

  constructor(url: string, jar = new CookieJar()) {
    this.url = url
    this.jar = jar
  }

  async send(method: string, path: string, { json, headers }: RequestOptions = {}): Promise<Response> {
    const csrf = method === 'GET' ? undefined : this.jar.value('authentik_csrf')
    const response = await fetch(this.url + path, {
      method,
      redirect: 'manual',
      headers: {
        ...(this.jar.header() && { cookie: this.jar.header() }),
        ...(csrf && { 'x-authentik-csrf': csrf }),
        ...(json !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(json !== undefined && { body: JSON.stringify(json) }),
    })
    this.jar.take(response)
    return response
  }
}
