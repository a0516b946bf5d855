import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  type MailServer,
  type MailServerOptions,
  mailCertificate,
  type Refusal,
  startMailServer,
} from '../../test/support/mail-server.ts'
import type { OutgoingMail, SmtpSettings } from '../flow/accounts.ts'
import { DeliveryFailure } from './delivery-failure.ts'
import { MailSender } from './mail-sender.ts'
import { MailTemplates } from './mail-templates.ts'

const templates = new MailTemplates(undefined)
const id = '0c1c6e9a-55ab-4a0b-9f6e-1b7a3b9d5a11'
const never = new AbortController().signal

const mail = {
  to: { address: 'ada@example.test', name: 'Ada Lovelace' },
  from: 'login@corp.test',
  subject: 'Reset your password',
  template: 'email/password_reset.html',
  values: {
    url: 'https://login.example.test/if/flow/recover/?next=%2F&flow_token=abc',
    expires: '2026-03-01T12:30:00.000Z',
    user: { username: 'ada', name: 'Ada Lovelace', email: 'ada@example.test' },
    brand: { title: 'Acme' },
  },
  smtp: undefined,
} satisfies OutgoingMail

const smtpOf = (server: MailServer, about: Partial<SmtpSettings> = {}): SmtpSettings => ({
  host: '127.0.0.1',
  port: server.port,
  username: '',
  password: '',
  useTls: false,
  useSsl: false,
  timeout: 10,
  ...about,
})

async function serverWith(options?: MailServerOptions): Promise<MailServer> {
  const server = await startMailServer(options)
  onTestFinished(() => server.close())
  return server
}

function senderOver(smtp: SmtpSettings | undefined, from = 'Acme <global@example.test>'): MailSender {
  const sender = new MailSender({ smtp, from }, templates)
  onTestFinished(() => sender.close())
  return sender
}

/** What came in of a mail that differs from an unremarkable one. */
async function delivered(about: Partial<OutgoingMail & { to: object }> = {}) {
  const server = await serverWith()
  await senderOver(smtpOf(server)).send(id, { ...mail, ...about }, never)
  return server.next()
}

async function failure(sent: Promise<void>): Promise<DeliveryFailure> {
  const error = await sent.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof DeliveryFailure) return error
  throw new Error(`It did not fail as mails do: ${error}`)
}

describe('a mail', () => {
  it('reaches whom it is for, as a page and as text', async () => {
    const received = await delivered()

    expect(received).toMatchObject({ from: 'login@corp.test', to: ['ada@example.test'], encrypted: false, user: undefined })
    expect(received.headers).toMatchObject({
      from: 'login@corp.test',
      to: 'Ada Lovelace <ada@example.test>',
      subject: 'Reset your password',
      'message-id': `<${id}@corp.test>`,
      'auto-submitted': 'auto-generated',
    })
    expect(received.text).toContain(mail.values.url)
    expect(received.html).toContain('<h1')
  })

  it("comes from the server's own address where it names none", async () => {
    const received = await delivered({ from: '' })

    expect(received.from).toBe('global@example.test')
    expect(received.headers).toMatchObject({ from: 'Acme <global@example.test>', 'message-id': `<${id}@example.test>` })
  })

  it('goes by the mail server that it names, before the one of the settings', async () => {
    const [own, other] = [await serverWith(), await serverWith()]
    await senderOver(smtpOf(own)).send(id, { ...mail, smtp: smtpOf(other) }, never)

    expect(own.mails).toHaveLength(0)
    expect(other.mails).toHaveLength(1)
  })

  it('bears names in any script', async () => {
    const received = await delivered({ to: { address: 'ada@example.test', name: 'Ädä 愛 😀' }, subject: 'Größe' })

    expect(received.headers).toMatchObject({ to: 'Ädä 愛 😀 <ada@example.test>', subject: 'Größe' })
    expect(received.raw).toMatch(/^[\x20-\x7e\r\n\t]*$/)
  })

  it.each([
    '\r\nBcc: eve@example.test\r\n\r\n<b>Hello</b>',
    '\nBcc: eve@example.test',
    '\rBcc: eve@example.test',
    '\u2028Bcc: eve@example.test',
    '\0Bcc: eve@example.test',
  ])('has no header, and nobody to go to, that a name or a subject adds: %j', async (evil) => {
    const received = await delivered({
      to: { address: 'ada@example.test', name: `Ada${evil}` },
      subject: `Hello${evil}`,
    })

    expect(received.to).toEqual(['ada@example.test'])
    expect(Object.keys(received.headers)).not.toContain('bcc')
    expect(received.headers.subject).toMatch(/^Hello Bcc: eve@example\.test( <b>Hello<\/b>)?$/)
    expect(received.headers.to).toMatch(/^"?Ada Bcc: eve@example\.test[^\r\n]*"? <ada@example\.test>$/)
  })

  it.each([
    'ada',
    '',
    'ada@example.test, eve@example.test',
    'ada@example.test\r\nRCPT TO:<eve@example.test>',
    '<ada@example.test>',
    'Ada <ada@example.test>',
    'ada@example.test eve',
    'ada@@example.test',
    `${'a'.repeat(250)}@example.test`,
  ])('is for one address, and not sent to what is none: %j', async (address) => {
    const server = await serverWith()
    const { permanent } = await failure(senderOver(smtpOf(server)).send(id, { ...mail, to: { address, name: '' } }, never))

    expect(permanent).toBe(true)
    expect(server.connections).toBe(0)
  })

  it('that cannot be written is not tried again', async () => {
    const server = await serverWith()
    const broken = await failure(senderOver(smtpOf(server)).send(id, { ...mail, template: 'email/none.html' }, never))
    const gap = await failure(senderOver(smtpOf(server)).send(id, { ...mail, values: {} }, never))

    expect(broken).toMatchObject({ permanent: true, message: expect.stringContaining('email/none.html') })
    expect(gap).toMatchObject({ permanent: true, message: expect.stringContaining('undefined variable') })
  })

  it('waits where there is no mail server', async () => {
    const { permanent, message } = await failure(senderOver(undefined).send(id, mail, never))

    expect(permanent).toBe(false)
    expect(message).toMatch(/^no EMAIL_HOST\. Set it/)
  })
})

describe('a mail server', () => {
  it.each<[string, Refusal, boolean]>([
    ['is too busy to talk', { at: 'connect', code: 421 }, false],
    ['lets nobody in', { at: 'connect', code: 554 }, false],
    ['does not know the sender', { at: 'from', code: 550 }, true],
    ['wants to be signed in to', { at: 'from', code: 530 }, false],
    ['has no room for it', { at: 'to', code: 452 }, false],
    ['does not know the mailbox', { at: 'to', code: 550 }, true],
    ['puts it off', { at: 'data', code: 451 }, false],
    ['does not like it', { at: 'data', code: 554 }, true],
  ])('that %s: %j, for good: %j', async (_, refusal, permanent) => {
    const server = await serverWith()
    server.refusal = refusal

    expect((await failure(senderOver(smtpOf(server)).send(id, mail, never))).permanent).toBe(permanent)
  })

  it('that is not there may come back', async () => {
    const server = await startMailServer()
    const smtp = smtpOf(server)
    await server.close()

    expect((await failure(senderOver(smtp).send(id, mail, never))).permanent).toBe(false)
  })

  it('that asks for a password gets it', async () => {
    const credentials = { username: 'stagedoor', password: 'hush' }
    const server = await serverWith({ credentials })
    await senderOver(smtpOf(server, credentials)).send(id, mail, never)

    expect((await server.next()).user).toBe('stagedoor')
  })

  it('that refuses the password may take it once it was mended; it is in no message', async () => {
    const server = await serverWith({ credentials: { username: 'stagedoor', password: 'other' } })
    const { permanent, message } = await failure(
      senderOver(smtpOf(server, { username: 'stagedoor', password: 'hush' })).send(id, mail, never),
    )

    expect(permanent).toBe(false)
    expect(message).not.toContain('hush')
  })

  it('that takes its time is given up when the signal says so', async () => {
    const server = await serverWith()
    const arrived = Promise.withResolvers<void>()
    server.hold = arrived.promise
    const stop = new AbortController()
    const sent = failure(senderOver(smtpOf(server, { timeout: 120 })).send(id, mail, stop.signal))
    stop.abort()

    expect((await sent).permanent).toBe(false)
    arrived.resolve()
  })

  it('is connected to once for many mails', async () => {
    const server = await serverWith()
    const sender = senderOver(smtpOf(server))
    for (let sent = 0; sent < 3; sent += 1) await sender.send(id, mail, never)

    expect(server.connections).toBe(1)
  })

  it('is left when many others were used since', async () => {
    const servers = await Promise.all(Array.from({ length: 11 }, () => serverWith()))
    const sender = senderOver(undefined)
    const send = async (...places: number[]) => {
      for (const place of places) {
        const server = servers[place]
        if (server) await sender.send(id, { ...mail, smtp: smtpOf(server) }, never)
      }
    }
    await send(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
    await send(0, 10)
    await send(0, 1)

    expect(servers.map(({ connections }) => connections)).toEqual([1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1])
  })
})

describe('encryption', () => {
  /** A certificate for this address that everybody trusts until the test ends. */
  const trusting = async (address: string) => {
    const certificate = await mailCertificate(address)
    const before = getCACertificates('default')
    setDefaultCACertificates([...before, certificate.cert])
    onTestFinished(() => setDefaultCACertificates(before))
    return certificate
  }

  it.each([
    ['starttls', { useTls: true }],
    ['ssl', { useSsl: true }],
  ] as const)('by %s is used as configured', async (encryption, settings) => {
    const server = await serverWith({ encryption, certificate: await trusting('127.0.0.1') })
    await senderOver(smtpOf(server, settings)).send(id, mail, never)

    expect((await server.next()).encrypted).toBe(true)
  })

  it.each([
    ['starttls', { useTls: true }],
    ['ssl', { useSsl: true }],
  ] as const)('by %s is refused to a server that nobody vouches for', async (encryption, settings) => {
    const server = await serverWith({ encryption })
    const { permanent } = await failure(senderOver(smtpOf(server, settings)).send(id, mail, never))

    expect(permanent).toBe(false)
    expect(server.mails).toHaveLength(0)
  })

  it('by STARTTLS is refused to a server of another name', async () => {
    const server = await serverWith({ encryption: 'starttls', certificate: await trusting('127.0.0.2') })
    await failure(senderOver(smtpOf(server, { useTls: true })).send(id, mail, never))

    expect(server.mails).toHaveLength(0)
  })

  it('is never left out where it was asked for', async () => {
    const server = await serverWith({ encryption: 'none' })
    await failure(senderOver(smtpOf(server, { useTls: true })).send(id, mail, never))

    expect(server.mails).toHaveLength(0)
  })

  it('is taken from whoever offers it where it was not', async () => {
    const server = await serverWith({ encryption: 'starttls' })
    await senderOver(smtpOf(server)).send(id, mail, never)

    expect((await server.next()).encrypted).toBe(true)
  })
})
