import { onTestFinished } from 'vitest'
import type { Channel } from '../../src/delivery/channel.ts'
import { type CourierDependencies, Lane } from '../../src/delivery/lane.ts'
import type { MessageChannel, MessageQueue, OutgoingMail, OutgoingSms } from '../../src/flow/accounts.ts'
import type { AuditEvent } from '../../src/flow/effects.ts'
import type { Clock } from './clock.ts'
import { Sleeper } from './sleeper.ts'

/** What sending left behind. */
export class Traces {
  readonly events: AuditEvent[] = []
  readonly told: string[] = []
  readonly logged: { readonly members: object; readonly message: string }[] = []
  readonly sleeper = new Sleeper()

  /** What lanes work with, leaving its traces here. */
  dependencies(queue: MessageQueue, clock: Clock): CourierDependencies {
    const note = (members: object, message: string) => void this.logged.push({ members, message })
    return {
      queue,
      told: (executionId) => void this.told.push(executionId),
      audit: (event) => void this.events.push(event),
      log: { warn: note, error: note },
      namesRecipients: false,
      now: () => clock.now(),
      sleep: this.sleeper.sleep,
    }
  }
}

/** A lane at work, and what came of it. It stops with the test. */
export function startLane<Name extends MessageChannel>(
  { queue, clock }: { readonly queue: MessageQueue; readonly clock: Clock },
  channel: Channel<Name>,
  about: Partial<CourierDependencies> = {},
) {
  const traces = new Traces()
  const lane = new Lane({ ...traces.dependencies(queue, clock), ...about }, channel)
  onTestFinished(() => lane.close())
  lane.start()
  const { sleeper, events, told, logged } = traces
  return { lane, sleeper, events, told, logged }
}

/** A mail with a link that nobody else may see. */
export function mailTo(address: string, expires?: string): OutgoingMail {
  return {
    to: { address, name: 'Ada' },
    from: 'login@example.test',
    subject: 'Hello',
    template: 'email/password_reset.html',
    values: { url: 'https://login.example.test/?flow_token=hush', ...(expires !== undefined && { expires }) },
    smtp: undefined,
  }
}

/** A text message with a code that nobody else may see. */
export function textTo(to: string, about: Partial<OutgoingSms> = {}): OutgoingSms {
  return {
    channel: 'sms',
    settings: {
      provider: 'twilio',
      fromNumber: '+15550199',
      accountSid: 'AC1',
      auth: 'hush-token',
      authPassword: '',
      authType: 'basic',
    },
    message: { to, code: '123456', text: 'Use this code to authenticate in Acme: 123456' },
    stage: 'phone set-up',
    ...about,
  }
}
