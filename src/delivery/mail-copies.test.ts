import { describe, expect, it, onTestFinished } from 'vitest'
import { startMailServer } from '../../test/support/mail-server.ts'
import type { OutgoingMail } from '../flow/accounts.ts'
import { DeliveryFailure } from './delivery-failure.ts'
import { type CourierDependencies, Lane } from './lane.ts'
import { mailChannel } from './mail-channel.ts'
import { MailSender } from './mail-sender.ts'
import { MailTemplates } from './mail-templates.ts'

const id = '0c1c6e9a-55ab-4a0b-9f6e-1b7a3b9d5a11'
const mail = {
  to: { address: 'ada@example.test', name: 'Ada' },
  from: 'login@corp.test',
  subject: 'You are invited',
  template: 'email/invitation.html',
  values: { url: 'https://login.example.test/if/flow/join/', expires: null, user: { name: '', username: '' } },
  smtp: undefined,
} satisfies OutgoingMail

async function post() {
  const server = await startMailServer()
  const smtp = { host: '127.0.0.1', port: server.port, username: '', password: '', useTls: false, useSsl: false, timeout: 10 }
  const sender = new MailSender({ smtp, from: '' }, new MailTemplates(undefined))
  onTestFinished(() => server.close())
  onTestFinished(() => sender.close())
  const send = (copies: Pick<OutgoingMail, 'cc' | 'bcc'>) => sender.send(id, { ...mail, ...copies }, new AbortController().signal)
  return { server, send }
}

describe('copies of a mail', () => {
  it('go to those who are seen in its headers, and to those who are not', async () => {
    const { server, send } = await post()
    await send({ cc: ['grace@example.test', 'alan@example.test'], bcc: ['eve@example.test'] })
    const received = await server.next()

    expect(received.to).toEqual(['ada@example.test', 'grace@example.test', 'alan@example.test', 'eve@example.test'])
    expect(received.headers).toMatchObject({ to: 'Ada <ada@example.test>', cc: 'grace@example.test, alan@example.test' })
    expect(received.raw).not.toContain('eve@')
  })

  it.each(['', 'grace', 'grace@example.test, eve@example.test', 'grace@example.test\r\nX-Evil: eve@example.test'])(
    'keep it from everybody where one would go to what is no address: %j',
    async (evil) => {
      const { server, send } = await post()
      for (const copies of [{ cc: ['grace@example.test', evil] }, { bcc: [evil] }])
        await expect(send(copies)).rejects.toMatchObject({
          name: new DeliveryFailure('', { permanent: true }).name,
          permanent: true,
        })

      expect(server.connections).toBe(0)
    },
  )

  it('are no business of logs and events', async () => {
    const told: unknown[] = []
    const done = Promise.withResolvers<void>()
    const copied = { ...mail, cc: ['grace@example.test'], bcc: ['eve@example.test'] }
    const queued = { id, attempts: 1, executionId: undefined, message: { channel: 'mail', mail: copied } } as const
    const waiting = [queued]
    const tell = (...what: unknown[]) => void told.push(what)
    const deps: CourierDependencies = {
      queue: {
        claim: async () => waiting.splice(0),
        sent: async () => undefined,
        failed: async (_, ...failure) => tell(failure),
      },
      told: () => undefined,
      audit: (event) => {
        tell(event)
        done.resolve()
      },
      log: { warn: tell, error: tell },
      namesRecipients: false,
      now: () => new Date(),
      sleep: (_, signal) => new Promise((_resolve, reject) => signal.addEventListener('abort', reject, { once: true })),
    }
    const refused = mailChannel(async () => {
      throw new DeliveryFailure('550 no <grace@example.test>, 550 no <eve@example.test>', { permanent: true })
    })
    const lane = new Lane(deps, refused)
    lane.start()
    await done.promise
    await lane.close()

    expect(JSON.stringify(told)).toContain('550 no')
    expect(JSON.stringify(told)).not.toMatch(/grace@|eve@/)
  })
})
