import type { MessageChannel } from '../flow/accounts.ts'
import type { Channel } from './channel.ts'
import { type CourierDependencies, Lane } from './lane.ts'

/** Sends what waits to be sent. Each channel has a lane of its own: a provider that is out holds up nothing of another. */
export class Courier {
  private readonly lanes: readonly Pick<Lane<MessageChannel>, 'start' | 'wake' | 'close'>[]

  constructor(deps: CourierDependencies, { mail, sms }: { readonly mail: Channel<'mail'>; readonly sms: Channel<'sms'> }) {
    this.lanes = [new Lane(deps, mail), new Lane(deps, sms)]
  }

  /** Begins, or looks at once if it had begun. */
  start(): void {
    for (const lane of this.lanes) lane.start()
  }

  /** There may be something to send. Nobody waits for it. */
  wake(): void {
    for (const lane of this.lanes) lane.wake()
  }

  /** Begins nothing more; what is being sent may finish for a moment, then it is left to another node. */
  async close(): Promise<void> {
    await Promise.all(this.lanes.map((lane) => lane.close()))
  }
}
