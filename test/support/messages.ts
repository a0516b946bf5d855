import { expect } from 'vitest'
import type { Step } from './browser.ts'
import type { Ground } from './journeys.ts'
import type { MailServer } from './mail-server.ts'
import type { SeedStage } from './seed.ts'
import type { SmsWebhook } from './sms-webhook.ts'
import type { WaitingStep } from './waiting-journey.ts'

/** What a step says of a message: what is awaited, how far it has come, what is wrong, and whether it may be sent again. */
export function toldOf({ waiting, challenge, actions }: Step | WaitingStep) {
  return {
    kind: challenge.__typename,
    waiting: waiting && { reason: waiting.reason, delivery: waiting.delivery },
    errors: challenge.responseErrors.map(({ message, code }) => ({ message, code })),
    resend: actions.find(({ type }) => type === 'RESEND'),
  }
}

/** What `toldOf` says of a screen where nothing is wrong. */
export function awaits(kind: string, reason: string, delivery: string | null) {
  return { kind, waiting: { reason, delivery }, errors: [], resend: { type: 'RESEND', enabled: true, availableAt: null } }
}

/** A stage that mails links by this server. */
export function linkStage({ port }: MailServer, config: object = {}): SeedStage {
  return { kind: 'email', config: { host: '127.0.0.1', port, fromAddress: 'login@example.test', ...config } }
}

/** A stage that mails codes by this server. */
export function codeStage({ port }: MailServer, config: object = {}): SeedStage {
  return {
    kind: 'authenticator_email',
    config: { host: '127.0.0.1', port, fromAddress: 'login@example.test', ...config },
  }
}

/** A stage that sends codes by this webhook. */
export function phoneStage({ url }: SmsWebhook): SeedStage {
  const config = { provider: 'generic', accountSid: url, fromNumber: '+15550199', auth: 'not a real token' }
  return { kind: 'authenticator_sms', config }
}

/** Resolves when the message of an execution was not sent, and will be tried again in so many seconds. */
export async function postponed({ app, prisma }: Ground, executionId: string, seconds: number): Promise<void> {
  const row = () => prisma.queuedMessage.findFirst({ where: { executionId, state: 'queued' } })
  const dueAt = new Date(app.clock.now().getTime() + seconds * 1000)
  await expect.poll(row).toMatchObject({ dueAt, problem: expect.stringMatching(/./) })
}
