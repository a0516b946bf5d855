/** How long a step may be in coming (milliseconds): what is lost must not keep a benchmark waiting for ever. */
const longestWait = 30_000

interface Awaited {
  readonly sequence: number
  resolve(at: number): void
  reject(error: Error): void
}

/** What one subscription has heard. */
export class Watch {
  private sequence = 0
  private heardAt = Number.NaN
  private failure: Error | undefined
  private awaited: Awaited | undefined

  /** Resolves when a step after this one is heard, with when that was (`performance.now`). One call at a time. */
  async after(sequence: number): Promise<number> {
    if (this.failure) throw this.failure
    if (this.sequence > sequence) return this.heardAt
    const tooLate = setTimeout(() => this.fail(`No step came after ${sequence}.`), longestWait)
    try {
      return await new Promise((resolve, reject) => {
        this.awaited = { sequence, resolve, reject }
      })
    } finally {
      clearTimeout(tooLate)
    }
  }

  hear(sequence: number, at: number): void {
    this.sequence = sequence
    this.heardAt = at
    if (!this.awaited || sequence <= this.awaited.sequence) return
    this.awaited.resolve(at)
    this.awaited = undefined
  }

  /** Nothing more will be heard. */
  fail(why: string): void {
    this.failure ??= new Error(why)
    this.awaited?.reject(this.failure)
  }
}
