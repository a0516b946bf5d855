/** Session handles by the text of the cookie that carried them: unsealing one costs more than a whole request. */
export class RememberedHandles {
  private readonly most: number
  private readonly now: () => Date
  private readonly bySeal = new Map<string, { readonly handle: string; readonly until: number }>()

  /** `most`: how many are kept; the oldest is forgotten first. */
  constructor(most: number, now: () => Date) {
    this.most = most
    this.now = now
  }

  get size(): number {
    return this.bySeal.size
  }

  get(sealed: string): string | undefined {
    const known = this.bySeal.get(sealed)
    return known && known.until > this.now().getTime() ? known.handle : undefined
  }

  /** Keeps a handle for that many seconds at most. */
  set(sealed: string, handle: string, seconds: number): void {
    this.bySeal.delete(sealed)
    const [oldest] = this.bySeal.keys()
    if (this.bySeal.size >= this.most && oldest !== undefined) this.bySeal.delete(oldest)
    this.bySeal.set(sealed, { handle, until: this.now().getTime() + seconds * 1000 })
  }
}
