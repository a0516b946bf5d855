import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { mailTo } from '../../test/support/lanes.ts'
import { MailSender } from './mail-sender.ts'
import { MailTemplates } from './mail-templates.ts'

const endless = '{% for a in (1..100000) %}{% for b in (1..100000) %}{{ a }}{% endfor %}{% endfor %}'

it('a mail that takes too long to write is tried again: the machine may be busy', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'stagedoor-templates-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'endless.html'), endless)
  const smtp = { host: '127.0.0.1', port: 1, username: '', password: '', useTls: false, useSsl: false, timeout: 10 }
  const sender = new MailSender({ smtp, from: '' }, new MailTemplates(folder))
  const mail = { ...mailTo('ada@example.test'), to: { address: 'ada@example.test', name: 'Ada' }, template: 'endless.html' }

  await expect(sender.send('an-id', mail, new AbortController().signal)).rejects.toMatchObject({
    permanent: false,
    message: 'The mail template "endless.html" took too long to write.',
  })
})
