import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { assetFiles, assetUrl } from '../../src/web/asset-files.ts'
import { seedFlow } from '../support/seed.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'

let app: TestApp

beforeAll(async () => {
  app = await startTestApp()
  await seedFlow(app.database, { slug: 'greeting', stages: [{ kind: 'dummy' }] })
})
afterAll(() => app.close())

const get = (path: string) => fetch(app.url + path)

describe('the files of pages', () => {
  it.each([...assetFiles.keys()])('have a type that browsers take: %s', async (name) => {
    const response = await get(assetUrl(name))

    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toMatch(/^(?:text\/(?:css|javascript); charset=utf-8|image\/svg\+xml)$/)
    expect((await response.text()).length).toBe(Buffer.from(assetFiles.get(name)?.content ?? '').toString().length)
  })

  it('are not kept under the name of another release', async () => {
    const other = assetUrl('flow-page.js').replace(/[0-9a-f]{16}/, '0'.repeat(16))
    const response = await get(other)

    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('no-store')
  })

  it.each([
    assetUrl('pages.css').replace('pages', 'none'),
    assetUrl('pages.css').replace('pages.css', '..%2Flayout.ts'),
    '/static/pages.css',
  ])('are those that there are: %s', async (path) => {
    expect((await get(path)).status).toBe(404)
  })

  it('are where the drawings of authentik are looked for', async () => {
    for (const path of ['/static/dist/assets/images/user_default.png', '/static/dist/assets/images/flow_background.jpg'])
      expect((await get(path)).headers.get('content-type')).toBe('image/svg+xml')
  })
})

describe('the page of a flow', () => {
  it('lets nothing run, style or be asked but what is ours', async () => {
    const { headers } = await get('/if/flow/greeting/')
    const policy = Object.fromEntries(
      (headers.get('content-security-policy') ?? '')
        .split('; ')
        .map((line) => [line.split(' ')[0], line.split(' ').slice(1).join(' ')]),
    )

    expect(policy).toMatchObject({
      'default-src': `'none'`,
      'script-src': `'self'`,
      'style-src': `'self'`,
      'connect-src': `'self'`,
    })
    expect(policy).toMatchObject({ 'form-action': `'self'`, 'base-uri': `'none'`, 'frame-ancestors': `'self'` })
  })

  it('begins to load all of its modules at once', async () => {
    const markup = await (await get('/if/flow/greeting/')).text()
    const modules = [...assetFiles.keys()].filter((name) => name.endsWith('.js') && !name.includes('worker'))

    for (const name of modules) expect(markup).toContain(`<link rel="modulepreload" href="${assetUrl(name)}" />`)
    expect(markup).not.toMatch(/<script(?![^>]* src=)|style=|<style| on\w+=/)
  })
})
