import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A line to a server that a test may cut, and join again. */
export class Cable {
  private readonly server
  private readonly ends = new Set<Socket>()
  private whole = true

  private constructor(target: URL) {
    this.server = createServer((near) => {
      if (!this.whole) return void near.destroy()
      const far = connect(Number(target.port), target.hostname)
      for (const [end, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.ends.add(end)
        end.on('error', () => undefined)
        end.once('close', () => {
          this.ends.delete(end)
          other.destroy()
        })
        end.pipe(other)
      }
    })
  }

  /** Lies from a free port of this machine to the server of a URL. */
  static async to(url: string): Promise<Cable> {
    const cable = new Cable(new URL(url))
    await new Promise<void>((resolve) => cable.server.listen(0, '127.0.0.1', resolve))
    return cable
  }

  /** The same URL through the cable. */
  through(url: string): string {
    const { port } = this.server.address() as AddressInfo
    return Object.assign(new URL(url), { host: `127.0.0.1:${port}` }).href
  }

  /** Ends what goes through, and lets nothing new through. */
  cut(): void {
    this.whole = false
    for (const end of this.ends) end.destroy()
  }

  join(): void {
    this.whole = true
  }

  close(): void {
    this.cut()
    this.server.close()
  }
}
