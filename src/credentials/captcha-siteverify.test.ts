import { describe, expect, it } from 'vitest'
import { startCaptchaProvider } from '../../test/support/captcha-provider.ts'
import { isHttpUrl, type SiteverifyRequest, siteverify } from './captcha-siteverify.ts'

const asking = (url: string, about: Partial<SiteverifyRequest> = {}): SiteverifyRequest => ({
  url,
  contentType: 'application/x-www-form-urlencoded',
  secret: 's&cret',
  token: 'a token/+=',
  clientIp: '192.0.2.7',
  ...about,
})

describe('a captcha provider', () => {
  it('is asked with a form', async () => {
    const provider = await startCaptchaProvider({ success: true, hostname: 'example.test' })

    expect(await siteverify(asking(provider.url))).toEqual({ success: true, hostname: 'example.test' })
    expect(provider.asked).toEqual([
      {
        method: 'POST',
        headers: expect.objectContaining({ 'content-type': 'application/x-www-form-urlencoded' }),
        body: 'secret=s%26cret&response=a+token%2F%2B%3D&remoteip=192.0.2.7',
      },
    ])
  })

  it('is asked with JSON', async () => {
    const provider = await startCaptchaProvider({ success: true })
    await siteverify(asking(provider.url, { contentType: 'application/json' }))

    expect(provider.asked[0]?.headers['content-type']).toBe('application/json')
    expect(JSON.parse(provider.asked[0]?.body ?? '')).toEqual({
      secret: 's&cret',
      response: 'a token/+=',
      remoteip: '192.0.2.7',
    })
  })

  it.each([
    ['a status that is no success', 500, '{"success":true}'],
    ['a status that is no success, without a body', 404, ''],
    ['no JSON', 200, 'success'],
    ['JSON that is a list', 200, '[true]'],
    ['JSON that is nothing', 200, 'null'],
    ['nothing', 204, ''],
    ['more than anybody has to say', 200, JSON.stringify({ success: true, padding: 'x'.repeat(16_384) })],
  ])('that answers with %s has said nothing', async (_, status, body) => {
    const provider = await startCaptchaProvider((response) => response.writeHead(status).end(body))

    expect(await siteverify(asking(provider.url))).toBeUndefined()
    expect(provider.asked).toHaveLength(1)
  })

  it('may say a lot, but not too much', async () => {
    const padding = 'x'.repeat(16_000)
    const provider = await startCaptchaProvider({ success: true, padding })

    expect(await siteverify(asking(provider.url))).toEqual({ success: true, padding })
  })

  it.each([302, 307, 308])('that sends us elsewhere with a %i is not followed', async (status) => {
    const elsewhere = await startCaptchaProvider({ success: true })
    const provider = await startCaptchaProvider((response) =>
      response.writeHead(status, { location: elsewhere.url }).end('{"success":true}'),
    )

    expect(await siteverify(asking(provider.url))).toBeUndefined()
    expect(elsewhere.asked).toEqual([])
  })

  it('that does not answer is not waited for', async () => {
    const provider = await startCaptchaProvider(() => {})
    const begun = performance.now()

    expect(await siteverify(asking(provider.url), 50)).toBeUndefined()
    expect(performance.now() - begun).toBeLessThan(5000)
    expect(provider.asked).toHaveLength(1)
  })

  it('that does not end its answer is not waited for', async () => {
    const provider = await startCaptchaProvider((response) => response.writeHead(200).write('{"success":true'))
    const begun = performance.now()

    expect(await siteverify(asking(provider.url), 50)).toBeUndefined()
    expect(performance.now() - begun).toBeLessThan(5000)
  })

  it('that is gone has said nothing', async () => {
    const provider = await startCaptchaProvider({ success: true })
    await provider.stop()

    expect(await siteverify(asking(provider.url))).toBeUndefined()
  })

  it('is reached by HTTP and by nothing else', async () => {
    expect(await siteverify(asking('data:application/json,{"success":true}'))).toBeUndefined()
    expect(['https://a.test/x?y', 'http://127.0.0.1:80/', 'javascript:alert(1)', 'data:,x', '/path', ''].map(isHttpUrl)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ])
  })
})
