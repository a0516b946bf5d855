import type { Page, Route } from 'playwright-core'
import { expect, it } from 'vitest'
import { mostGuesses } from '../../src/operations/guess-limiter.ts'
import { type Browsing, describeInChromium } from '../support/browsing.ts'
import { seedFlow } from '../support/seed.ts'
import { createAccount } from '../support/test-app.ts'

describeInChromium('what the built-in page asks for', (browsing) => {
  it('is every sort of field, each answered in its type', async () => {
    const ida = await createAccount(browsing.app.database, 'ida')
    const page = await openForm(browsing)
    await page.getByLabel('User name').fill('ida')
    await page.getByRole('button', { name: 'Log in' }).click()

    await page.getByLabel('Nickname').fill('Countess')
    await page.getByLabel('About you').fill('One line\nand another')
    await page.getByLabel('Engines').fill('2')
    await page.getByLabel('Send me news').check()
    await page.getByLabel('Birthday').fill('1815-12-10')
    await page.getByLabel('Call me at').fill('2026-03-02T01:00')
    await page.getByLabel('A picture').setInputFiles({ name: 'a.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') })
    await page.getByLabel('Meal').selectOption('soup')
    await page.getByRole('radiogroup', { name: 'Colour' }).getByLabel('red').check()
    await page.getByLabel('Language').fill('pt-BR')
    await page.getByLabel('Address').fill('nobody@nowhere')
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByLabel('Address').and(page.locator(':invalid')).waitFor()
    await page.getByLabel('Address').fill('ida@example.test')
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.waitForURL('**/healthz')

    const { attributes } = await browsing.app.database.prisma.user.findUniqueOrThrow({ where: { id: ida.id } })
    expect(attributes).toMatchObject({
      nick: 'Countess',
      about: 'One line\nand another',
      engines: 2,
      news: true,
      birthday: '1815-12-10',
      call: '2026-03-01T12:00:00Z',
      picture: 'data:text/plain;base64,aGVsbG8=',
      meal: 'soup',
      colour: 'red',
      language: 'pt-BR',
      address: 'ida@example.test',
      fixed: 'as it is',
      hidden: 'not to be seen',
    })
  })

  it('stands as it was filled in when the server refuses it, but for passwords', async () => {
    const fields = await prompts(browsing, [
      { fieldKey: 'nick', label: 'Nickname', type: 'text' },
      { fieldKey: 'news', label: 'Send me news', type: 'checkbox' },
      { fieldKey: 'file', label: 'A picture', type: 'file' },
      { fieldKey: 'password', label: 'Password', type: 'password' },
      { fieldKey: 'again', label: 'Once more', type: 'password' },
    ])
    await seedFlow(browsing.app.database, { slug: 'refused', stages: [{ kind: 'prompt', config: { fields } }] })
    const page = await browsing.visit('/if/flow/refused/')
    await page.getByLabel('Nickname').fill('Countess')
    await page.getByLabel('Send me news').check()
    await page.getByLabel('A picture').setInputFiles({ name: 'a.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') })
    await page.getByLabel('Password').fill('one thing')
    await page.getByLabel('Once more').fill('another')
    await page.getByRole('button', { name: 'Continue' }).click()

    expect(await page.getByRole('alert').textContent()).toBe("Passwords don't match.")
    expect(await page.getByLabel('Nickname').inputValue()).toBe('Countess')
    expect(await page.getByLabel('Send me news').isChecked()).toBe(true)
    expect(await page.getByLabel('A picture').inputValue()).toContain('a.txt')
    expect(await page.getByLabel('Password').inputValue()).toBe('')
  })

  it('may be words of an administrator, which are shown and never run', async () => {
    const markup = '<img src=x onerror="document.title=1"><b>bold</b><script>document.title=1</script>'
    const fields = await prompts(browsing, [
      { fieldKey: 'note', label: 'Read this', type: 'alert_warning', initialValue: `Mind the ${markup}` },
      { fieldKey: 'text', label: 'Terms', type: 'static', initialValue: `Be ${markup}` },
      { fieldKey: 'line', label: 'And now', type: 'separator' },
      { fieldKey: 'nick', label: '<b>Nickname</b>', type: 'text', subText: `Something ${markup}` },
    ])
    await seedFlow(browsing.app.database, { slug: 'words', stages: [{ kind: 'prompt', config: { fields } }] })
    const page = await browsing.visit('/if/flow/words/')

    expect(await page.getByRole('note').textContent()).toBe('Warning: Read thisMind the bold')
    await page.getByText('Be bold').waitFor()
    await page.getByText('And now').waitFor()
    await page.getByText('Something bold').waitFor()
    expect(await page.getByLabel('<b>Nickname</b>').count()).toBe(1)
    expect(await page.title()).toBe('words')
    expect(await page.locator('form img').count()).toBe(0)
  })

  it('is a phone number, and the code that was sent to it', async () => {
    const sms = { provider: 'generic', fromNumber: '+1 555 0199', accountSid: 'http://127.0.0.1:9/', auth: 'token' }
    await createAccount(browsing.app.database, 'jean')
    await seedFlow(browsing.app.database, {
      slug: 'phone',
      stages: [{ kind: 'identification' }, { kind: 'authenticator_sms', config: sms }],
    })
    const page = await browsing.visit('/if/flow/phone/')
    await page.getByLabel(/user name/i).fill('jean')
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByLabel('Phone number').fill('nothing')
    await page.getByRole('button', { name: 'Send a code' }).click()

    await page.getByText('Invalid phone number').waitFor()
    expect(await page.getByLabel('Phone number').inputValue()).toBe('nothing')
  })

  it('is a proof of work for a captcha, which it does by itself, alone and beside a name', async () => {
    const config = { provider: 'altcha', maxNumber: 20 }
    const { stageIds } = await seedFlow(browsing.app.database, {
      slug: 'captcha',
      stages: [
        { kind: 'captcha', config },
        { kind: 'dummy', name: 'behind it' },
      ],
    })
    const page = await browsing.visit('/if/flow/captcha/')
    await page.getByText('behind it').waitFor()

    // A proof that came too late is not made again unasked: that might never end.
    const tooLate = async (route: Route) => {
      browsing.app.clock.advance(11 * 60)
      await route.continue()
    }
    await page.route('**/proof-of-work-worker.js', tooLate, { times: 1 })
    await page.goto('/if/flow/captcha/')
    await page.getByRole('alert').waitFor()
    await page.getByText('Proven that you are no machine.').waitFor()
    // An answer that was sent by now would have come first.
    for (let trip = 0; trip < 5; trip += 1) await page.evaluate(`fetch('/readyz').then((reply) => reply.text())`)
    expect(await page.getByRole('alert').count()).toBe(1)
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByText('behind it').waitFor()

    await seedFlow(browsing.app.database, {
      slug: 'embedded-captcha',
      stages: [{ kind: 'identification', config: { userFields: ['username'], captchaStage: stageIds[0] } }, { kind: 'password' }],
    })
    await page.goto('/if/flow/embedded-captcha/')
    await page.getByLabel('User name').fill('nobody')
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByLabel('Password').waitFor()
  })

  it('is never what a script of a provider has to ask', async () => {
    const config = { provider: 'remote', publicKey: 'public', privateKey: 'private', jsUrl: 'https://captcha.example/api.js' }
    await seedFlow(browsing.app.database, { slug: 'remote-captcha', stages: [{ kind: 'captcha', config }] })
    const page = await browsing.visit('/if/flow/remote-captcha/')

    expect(await page.getByRole('alert').textContent()).toContain('captcha.example')
    expect(await page.getByRole('button', { name: 'Continue' }).count()).toBe(0)
  })

  it('is asked for again after a while, once it was guessed too often', async () => {
    const config = { backends: ['authentik.core.auth.InbuiltBackend'], failedAttemptsBeforeCancel: 0 }
    const { stageIds } = await seedFlow(browsing.app.database, { slug: 'guessed', stages: [{ kind: 'password', config }] })
    const identification = { userFields: ['username'], passwordStage: stageIds[0] }
    await seedFlow(browsing.app.database, { slug: 'guessing', stages: [{ kind: 'identification', config: identification }] })
    const page = await browsing.visit('/if/flow/guessing/')
    for (let guess = 0; guess <= mostGuesses; guess += 1) {
      await page.getByLabel('User name').fill('guessed')
      await page.getByLabel('Password').fill(`guess ${guess}`)
      const answer = page.waitForResponse('**/graphql')
      await page.getByRole('button', { name: 'Log in' }).click()
      await answer
      await page.locator('#flow[aria-busy=false] [role=alert]').first().waitFor()
    }

    expect(await page.getByRole('alert').allTextContents()).toContainEqual(
      expect.stringMatching(/Too many attempts.*\(\d+ seconds\)/),
    )
    expect(await page.getByLabel('User name').inputValue()).toBe('guessed')
  })

  it('is whether to stay signed in', async () => {
    await createAccount(browsing.app.database, 'lise')
    await seedFlow(browsing.app.database, {
      slug: 'stay',
      stages: [{ kind: 'identification' }, { kind: 'user_login', config: { rememberMeOffset: 'days=30' } }],
    })
    const page = await browsing.visit('/if/flow/stay/')
    await page.getByLabel(/user name/i).fill('lise')
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByLabel('Stay signed in on this device').check()
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('heading', { name: 'Hello, lise' }).waitFor()
  })

  it('is remembered in the browser where that may be, and can be read while it is typed', async () => {
    const { stageIds } = await seedFlow(browsing.app.database, {
      slug: 'passwords',
      stages: [{ kind: 'password', config: { backends: ['authentik.core.auth.InbuiltBackend'], allowShowPassword: true } }],
    })
    const config = { userFields: ['username', 'email'], passwordStage: stageIds[0], enableRememberMe: true }
    await seedFlow(browsing.app.database, { slug: 'memo', stages: [{ kind: 'identification', config }, { kind: 'dummy' }] })
    await createAccount(browsing.app.database, 'emmy')
    const page = await browsing.visit('/if/flow/memo/')
    await page.getByLabel('User name or e-mail address').fill('emmy')
    await page.getByLabel('Remember my name in this browser').check()
    await page.getByLabel('Password', { exact: true }).fill("emmy's own password")
    await page.getByRole('button', { name: 'Show password' }).click()
    expect(await page.getByLabel('Password', { exact: true }).getAttribute('type')).toBe('text')
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByRole('button', { name: 'Continue' }).waitFor()

    await page.goto('/if/flow/memo/')
    expect(await page.getByLabel('User name or e-mail address').inputValue()).toBe('emmy')
  })
})

/** Prompts, by their ids. */
async function prompts({ app }: Browsing, configs: readonly object[]): Promise<string[]> {
  const ids: string[] = []
  for (const [order, config] of configs.entries()) {
    const name = `${JSON.stringify(config)} ${order}`
    const data = { name, kind: 'prompt', config: { required: false, order, ...config } }
    ids.push((await app.database.prisma.stageObject.create({ data })).id)
  }
  return ids
}

/** A form with every sort of field, behind a name. */
async function openForm(browsing: Browsing): Promise<Page> {
  const { database } = browsing.app
  const fields = await prompts(browsing, [
    { fieldKey: 'attributes.nick', label: 'Nickname', type: 'text' },
    { fieldKey: 'attributes.about', label: 'About you', type: 'text_area' },
    { fieldKey: 'attributes.engines', label: 'Engines', type: 'number' },
    { fieldKey: 'attributes.news', label: 'Send me news', type: 'checkbox' },
    { fieldKey: 'attributes.birthday', label: 'Birthday', type: 'date' },
    { fieldKey: 'attributes.call', label: 'Call me at', type: 'date-time', initialValue: '2026-01-01T00:00:00Z' },
    { fieldKey: 'attributes.picture', label: 'A picture', type: 'file' },
    { fieldKey: 'attributes.meal', label: 'Meal', type: 'dropdown', placeholder: 'soup' },
    { fieldKey: 'attributes.colour', label: 'Colour', type: 'radio-button-group', placeholder: 'red' },
    { fieldKey: 'attributes.language', label: 'Language', type: 'ak-locale' },
    { fieldKey: 'attributes.address', label: 'Address', type: 'email' },
    { fieldKey: 'attributes.fixed', label: 'Fixed', type: 'text_read_only', initialValue: 'as it is' },
    { fieldKey: 'attributes.hidden', label: 'Hidden', type: 'hidden', initialValue: 'not to be seen' },
  ])
  await seedFlow(database, {
    slug: 'form',
    stages: [
      { kind: 'identification', config: { userFields: ['username'] } },
      { kind: 'prompt', config: { fields } },
      { kind: 'user_write', config: { userCreationMode: 'never_create' } },
    ],
  })
  return browsing.visit('/if/flow/form/?next=%2Fhealthz')
}
