/** What a browser keeps for one host. */
export class CookieJar {
  private readonly values: Map<string, string>
  /** Every Set-Cookie header so far, the last one last. */
  readonly received: string[] = []

  constructor(values: Iterable<readonly [string, string]> = []) {
    this.values = new Map(values)
  }

  header(): string {
    return [...this.values].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  value(name: string): string | undefined {
    return this.values.get(name)
  }

  /** Keeps what a response sets. */
  take(response: Response): void {
    for (const line of response.headers.getSetCookie()) {
      this.received.push(line)
      const [, name = '', value = ''] = /^([^=;]+)=([^;]*)/.exec(line) ?? []
      if (/;\s*max-age=0(;|$)/i.test(line)) this.values.delete(name)
      else this.values.set(name, value)
    }
  }

  /** The last Set-Cookie header for a name. */
  lastSet(name: string): string | undefined {
    return this.received.findLast((line) => line.startsWith(`${name}=`))
  }

  copy(): CookieJar {
    return new CookieJar(this.values)
  }
}
