/** Stands still until it is woken; tells whoever watches each time that it falls asleep. */
export class Sleeper {
  private resume: () => void = () => undefined
  private fellAsleep: () => void = () => undefined
  /** For how long it was told to sleep last (milliseconds). */
  asked = 0

  readonly sleep = (milliseconds: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      this.asked = milliseconds
      this.resume = resolve
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      this.fellAsleep()
    })

  /** Its time is over. */
  pass(): void {
    this.resume()
  }

  /** Resolves as soon as that holds; looked at whenever it falls asleep. */
  until(holds: () => boolean | Promise<boolean>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.fellAsleep = () => void Promise.resolve(holds()).then((held) => held && resolve(), reject)
      this.fellAsleep()
    })
  }
}
