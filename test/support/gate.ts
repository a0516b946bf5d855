import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** A line to a server that tests cut: whatever goes through it is lost at that moment, and the server stays as it was. */
export class Gate {
  /** How many connections it has broken or refused. */
  broken = 0
  private readonly target: URL
  private readonly server: Server
  private readonly open = new Set<Socket>()
  private readonly allowance: () => number
  private shut = false

  /** `allowance`: how many bytes of the server's each new connection may bring before it breaks. */
  constructor(target: URL, allowance: () => number) {
    this.target = target
    this.allowance = allowance
    this.server = createServer((socket) => this.lead(socket))
  }

  async listen(): Promise<void> {
    await once(this.server.listen(0, '127.0.0.1'), 'listening')
  }

  /** The target's own address, by way of this. */
  get url(): string {
    const url = new URL(this.target)
    url.hostname = '127.0.0.1'
    url.port = String((this.server.address() as AddressInfo).port)
    return url.pathname === '/' && !url.search ? url.href.slice(0, -1) : url.href
  }

  /** Breaks what is open and refuses what comes, until it heals. */
  cut(): void {
    this.shut = true
    this.drop()
  }

  heal(): void {
    this.shut = false
  }

  /** Breaks what is open. */
  drop(): void {
    for (const inside of this.open) this.break(inside)
  }

  async close(): Promise<void> {
    this.cut()
    this.server.close()
    await once(this.server, 'close')
  }

  private lead(inside: Socket): void {
    this.open.add(inside.setNoDelay(true).on('error', () => undefined))
    if (this.shut) {
      this.break(inside)
      return
    }
    // An address of Redis may leave out its usual port.
    const onward = connect(Number(this.target.port || 6379), this.target.hostname).setNoDelay(true)
    onward.on('error', () => undefined).once('close', () => inside.destroySoon())
    inside.once('close', () => {
      this.open.delete(inside)
      onward.destroy()
    })
    inside.pipe(onward)
    let left = this.allowance()
    onward.on('data', (bytes: Buffer) => {
      const passing = bytes.subarray(0, left)
      left -= passing.length
      const spent = passing.length < bytes.length
      // Of what is cut off in the middle, the beginning has come.
      inside.write(passing, () => spent && this.break(inside))
    })
  }

  private break(inside: Socket): void {
    if (!this.open.delete(inside)) return
    this.broken += 1
    inside.resetAndDestroy()
  }
}

/** Starts one on a free port. */
export async function openGate(target: string, allowance: () => number = () => Number.POSITIVE_INFINITY): Promise<Gate> {
  const gate = new Gate(new URL(target), allowance)
  await gate.listen()
  return gate
}
