/** What Duo tells about a proof that was asked for. */
export interface DuoUpdate {
  readonly result: 'allow' | 'deny' | 'waiting'
  readonly status: string
  readonly status_msg: string
}

/** What the person is shown, and what they are asked for. */
export interface DuoTransactionRequest {
  readonly txid: string
  readonly userId: string
  readonly username: string
  readonly factor: string
  readonly device: string | undefined
  /** The title of a push. */
  readonly title: string | undefined
  readonly displayUsername: string | undefined
  /** What a push shows besides. */
  readonly pushInfo: Readonly<Record<string, string>>
  readonly clientIp: string | undefined
  /** What has to be typed into the app, where the push is to be verified. */
  readonly verificationCode: string | undefined
}

/** A proof that was asked for, from the first message to the end. */
export class DuoTransaction {
  readonly request: DuoTransactionRequest
  private current: DuoUpdate
  /** Whether somebody has been told of how it stands. */
  private told = false
  private readonly polls = new Set<(update: DuoUpdate) => void>()
  private readonly ends = new Set<(update: DuoUpdate) => void>()
  private pollHeld: (() => void) | undefined

  constructor(request: DuoTransactionRequest, first: DuoUpdate) {
    this.request = request
    this.current = first
  }

  get over(): boolean {
    return this.current.result !== 'waiting'
  }

  /** Questions that are held at the moment. */
  get held(): number {
    return this.polls.size
  }

  /** Answers at once what nobody was told of and what is final; otherwise with the next change, or never when the asker leaves. */
  poll(answer: (update: DuoUpdate) => void): () => void {
    if (!this.told || this.over) {
      this.told = true
      answer(this.current)
      return () => undefined
    }
    this.polls.add(answer)
    this.pollHeld?.()
    return () => this.polls.delete(answer)
  }

  /** Answers when it is over, or never when the asker leaves. */
  awaitEnd(answer: (update: DuoUpdate) => void): () => void {
    if (this.over) answer(this.current)
    else this.ends.add(answer)
    return () => this.ends.delete(answer)
  }

  /** Resolves as soon as a question is held. */
  async polled(): Promise<void> {
    if (this.polls.size > 0) return
    await new Promise<void>((resolve) => {
      this.pollHeld = resolve
    })
  }

  /** Something happened: everybody who asks is told. What is over stays as it is. */
  update(update: DuoUpdate): boolean {
    if (this.over) return false
    this.current = update
    this.told = this.polls.size > 0
    for (const answer of this.polls) answer(update)
    this.polls.clear()
    if (this.over) for (const answer of this.ends) answer(update)
    return true
  }
}
