import { act, answer, type Step, startFlow } from '../journeys.ts'
import type { StreamSocket } from './socket.ts'
import type { BenchVisitor } from './visitor.ts'
import type { Watch } from './watch.ts'

/** An execution that goes to and fro for as long as one likes: an answer leads on, and the way back leads back. */
export class Shuttle {
  readonly visitor: BenchVisitor
  private readonly response: object
  private readonly watches: Watch[] = []
  private readonly sockets = new Set<StreamSocket>()
  step: Step
  private away = false

  private constructor(visitor: BenchVisitor, step: Step, response: object) {
    this.visitor = visitor
    this.step = step
    this.response = response
  }

  /** Stands at the first stage of a flow, which this response passes. */
  static async begin(visitor: BenchVisitor, slug: string, response: object): Promise<Shuttle> {
    return new Shuttle(visitor, await startFlow(visitor.client, slug), response)
  }

  /** Subscribes to it so many times over one socket. */
  async watch(socket: StreamSocket, times = 1): Promise<void> {
    this.sockets.add(socket)
    for (let time = 0; time < times; time += 1) this.watches.push(await socket.watch(this.step.id))
  }

  /** Changes once; returns the milliseconds from the request until the last of those who watch has heard. */
  async move(): Promise<number> {
    const { client } = this.visitor
    const before = this.step.sequence
    const started = performance.now()
    const heard = Promise.all(this.watches.map((watch) => watch.after(before)))
    const [step] = await Promise.all([
      this.away ? act(client, this.step, 'BACK') : answer(client, this.step, this.response),
      // Its failure must not go unheard while the reply is awaited.
      heard,
    ])
    this.step = step
    this.away = !this.away
    const last = Math.max(...(await heard))
    return this.watches.length === 0 ? performance.now() - started : last - started
  }

  /** Watches no more. */
  async leave(): Promise<void> {
    await Promise.all([...this.sockets].map((socket) => socket.close()))
  }
}
