/** A clock that moves when it is told to. */
export class Clock {
  private time = new Date('2026-03-01T12:00:00.000Z').getTime()

  now(): Date {
    return new Date(this.time)
  }

  advance(seconds: number): void {
    this.time += seconds * 1000
  }
}
