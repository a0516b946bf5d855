import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { MailTemplateError, MailTemplates, SlowTemplateError } from './mail-templates.ts'

const values = {
  url: 'https://login.example.test/if/flow/recover/?next=%2F&flow_token=abc',
  token: '123456',
  expires: '2026-03-01T12:30:00.000Z',
  minutes: 30,
  user: { username: 'ada', name: 'Ada Lovelace', email: 'ada@example.test' },
  brand: { title: 'Acme' },
}

/** A folder of an operator's with these files. */
function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'stagedoor-templates-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  return folder
}

/** A file beside the folders, which no template may read. */
function folderBeside(): string {
  const folder = mkdtempSync(join(tmpdir(), 'stagedoor-outside-'))
  writeFileSync(join(folder, 'outside.html'), 'outside')
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const outside = folderBeside()
const withFiles = (files: Readonly<Record<string, string>>) => new MailTemplates(folderOf(files))

describe('our own mails', () => {
  const own = new MailTemplates(undefined)

  it('have the names that authentik gives them', () => {
    expect(own.list()).toEqual([
      'email/account_confirmation.html',
      'email/email_otp.html',
      'email/event_notification.html',
      'email/invitation.html',
      'email/password_reset.html',
    ])
  })

  it.each(own.list())('are written as a page and as text: %s', async (name) => {
    const { html, text } = await own.render(name, values)

    expect(html).toMatch(/^<!doctype html>[\s\S]+<\/html>$/)
    expect(html).toContain('Ada Lovelace')
    expect(text).toContain('Hello Ada Lovelace,')
    expect(text).not.toMatch(/[<>]|{[{%]/)
    expect(html + text).not.toMatch(/<img|<script|http:\/\/|{[{%]/)
  })

  it.each(['email/password_reset.html', 'email/account_confirmation.html', 'email/invitation.html'])(
    'link to where they lead, and say until when: %s',
    async (name) => {
      const { html, text } = await own.render(name, values)

      expect(html).toContain(`href="${values.url.replace('&', '&amp;')}"`)
      expect(text).toContain(`\n${values.url}\n`)
      expect(html).toContain('12:30 UTC on 1 March 2026')
      expect(text).toContain('12:30 UTC on 1 March 2026')
    },
  )

  it('show a code that is easy to copy', async () => {
    const { html, text } = await own.render('email/email_otp.html', values)

    expect(html).toContain('>123456<')
    expect(text).toContain('\n123456\n')
  })

  it('are written for people without a name, and with as little as they need', async () => {
    const nameless = { ...values, user: { username: 'ada', name: '', email: '' } }

    expect((await own.render('email/password_reset.html', nameless)).text).toContain('Hello ada,')
    expect((await own.render('email/event_notification.html', { brand: values.brand })).text).toBe('Hello,\n\nAcme')
    expect((await own.render('email/invitation.html', { brand: values.brand, url: 'https://x.test' })).html).not.toContain(
      'ends at',
    )
  })

  it('let nobody write HTML by their name, nor a letter of their own', async () => {
    const user = { ...values.user, name: `<a href="https://evil.test">${'click '.repeat(50)}</a>` }
    const { html, text } = await own.render('email/password_reset.html', { ...values, user })

    expect(html).toContain('Hello &lt;a href=&#34;https://evil.test&#34;&gt;click')
    expect(html).not.toContain('href="https://evil.test')
    expect(text?.match(/click/g)?.length).toBeLessThan(12)
  })
})

describe("an operator's folder", () => {
  it('adds mails, and replaces ours file by file', async () => {
    const templates = withFiles({ 'email/password_reset.txt': 'Ours: {{ url }}', 'welcome.html': '<p>{{ brand.title }}</p>' })

    expect(templates.list()).toContain('welcome.html')
    expect(templates.list()).toContain('email/invitation.html')
    const { html, text } = await templates.render('email/password_reset.html', values)
    expect(text).toBe(`Ours: ${values.url}`)
    expect(html).toContain('<h1')
  })

  it('may say it in other languages, for who reads them before English', async () => {
    const templates = withFiles({
      'email/password_reset.de.html': 'Hallo',
      'email/password_reset.de.txt': 'Hallo, {{ user.username }}',
      'email/password_reset.pt-BR.html': 'Bom dia',
    })
    const html = async (...languages: string[]) => (await templates.render('email/password_reset.html', values, languages)).html

    expect(await html('de-AT', 'en')).toBe('Hallo')
    expect((await templates.render('email/password_reset.html', values, ['de'])).text).toBe('Hallo, ada')
    expect(await html('fr', 'pt-BR')).toBe('Bom dia')
    expect(await html('en-GB', 'de')).toContain('<h1')
    expect(await html('fr', 'pt')).toContain('<h1')
    expect(await html('../../x', 'constructor')).toContain('<h1')
  })

  it('needs no text: a page without one is sent alone, never beside a text that says something else', async () => {
    const templates = withFiles({ 'email/password_reset.html': '<p>{{ url }}</p>' })

    expect(await templates.render('email/password_reset.html', values)).toEqual({
      html: `<p>${values.url.replace('&', '&amp;')}</p>`,
      text: undefined,
    })
  })

  it('can dress all mails anew by their layout', async () => {
    const templates = withFiles({ 'layouts/mail.html': '<b>{% block content %}{% endblock %}</b>' })

    expect((await templates.render('email/email_otp.html', values)).html).toMatch(/^<b>[\s\S]+123456[\s\S]+<\/b>$/)
    expect(templates.has('layouts/mail.html')).toBe(false)
    await expect(templates.render('layouts/mail.html', values)).rejects.toThrow(MailTemplateError)
  })

  it('is read again when a file changes', async () => {
    const folder = folderOf({ 'a.html': 'before' })
    const templates = new MailTemplates(folder)
    expect((await templates.render('a.html', values)).html).toBe('before')

    writeFileSync(join(folder, 'a.html'), 'beyond')
    utimesSync(join(folder, 'a.html'), 1, 1)
    expect((await templates.render('a.html', values)).html).toBe('beyond')

    writeFileSync(join(folder, 'a.txt'), 'text')
    expect((await templates.render('a.html', values)).text).toBe('text')

    rmSync(join(folder, 'a.html'))
    expect(templates.has('a.html')).toBe(false)
  })

  it('may be a mount, whose files are links', async () => {
    const folder = folderOf({ '..data/a.html': 'linked' })
    symlinkSync('..data/a.html', join(folder, 'a.html'))
    const templates = new MailTemplates(folder)

    expect(templates.list().filter((name) => !name.startsWith('email/'))).toEqual(['a.html'])
    expect((await templates.render('a.html', values)).html).toBe('linked')
  })

  it('must be there', () => {
    expect(() => new MailTemplates(join(tmpdir(), 'no such folder'))).toThrow('EMAIL_TEMPLATES_DIR')
  })
})

describe('a template', () => {
  it.each([
    '../outside.html',
    `${outside}/outside.html`,
    'email/../../outside.html',
    'email/password_reset.txt',
    '__proto__',
    'constructor',
    '',
    'email/none.html',
  ])('is none where the folder has no such name: %j', async (name) => {
    const templates = new MailTemplates(undefined)

    expect(templates.has(name)).toBe(false)
    await expect(templates.render(name, values)).rejects.toThrow('There is no mail template')
  })

  it.each([
    ["{% include '../outside.html' %}"],
    [`{% include '${outside}/outside.html' %}`],
    [`{% layout '${outside}/outside.html' %}`],
    ["{% render '../../package.json' %}"],
  ])('reads nothing outside the folders: %s', async (content) => {
    await expect(withFiles({ 'a.html': content }).render('a.html', values)).rejects.toThrow(MailTemplateError)
  })

  it.each([
    ['a tag that is not closed', '<p>\n{% if url %}\n</p>', 'line:2'],
    ['a tag of another language', '{% load i18n %}', 'line:1'],
    ['a filter that does not exist', '\n\n{{ url | naturaltime }}', 'line:3'],
    ['a value that does not exist', '\n{{ user.first_name }}', 'line:2'],
  ])('is told to be broken, and where: %s', async (_, content, line) => {
    const rendered = withFiles({ 'folder/a.html': content }).render('folder/a.html', values)

    await expect(rendered).rejects.toThrow(MailTemplateError)
    await expect(rendered).rejects.toThrow(/"folder\/a\.html" is broken: /)
    await expect(rendered).rejects.toThrow(line)
  })

  it('cannot run for ever, which is told apart from being broken: a machine may be busy', async () => {
    const endless = '{% for a in (1..100000) %}{% for b in (1..100000) %}{{ a }}{% endfor %}{% endfor %}'

    await expect(withFiles({ 'a.html': endless }).render('a.html', values)).rejects.toThrow(SlowTemplateError)
  })
})
