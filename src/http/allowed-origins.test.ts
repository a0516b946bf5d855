import { describe, expect, it } from 'vitest'
import { AllowedOrigins } from './allowed-origins.ts'

const own = 'http://10.0.0.5:9000'
const app = 'https://app.example.test'
const origins = new AllowedOrigins([app], 'https://login.example.test/')

describe('the origins of pages', () => {
  it.each([
    ['no page at all', undefined],
    ['our own page, where the operator says it is', 'https://login.example.test'],
    ['our own page, where the request came to', own],
    ['a page that the operator lists', app],
  ])('admit %s', (_, origin) => {
    expect(origins.admits(origin, own)).toBe(true)
  })

  it.each([
    'https://evil.test',
    'null',
    '',
    'http://app.example.test',
    'https://app.example.test:8443',
    'https://app.example.test.evil.test',
    'https://APP.example.test',
    'https://login.example.test/',
  ])('do not admit %j', (origin) => {
    expect(origins.admits(origin, own)).toBe(false)
    expect(origins.headersFor(origin)).toEqual([])
    expect(origins.preflightFor(origin)).toEqual([])
  })

  it('let a listed page read answers, with its cookies, and nobody else', () => {
    const headers = Object.fromEntries(origins.headersFor(app))

    expect(headers).toMatchObject({ 'access-control-allow-origin': app, 'access-control-allow-credentials': 'true' })
    expect(headers['access-control-expose-headers']).toContain('retry-after')
    expect(Object.values(headers)).not.toContain('*')
  })

  it.each([undefined, 'https://login.example.test', own])('say nothing to a page that needs no permission: %s', (origin) => {
    expect(origins.headersFor(origin)).toEqual([])
    expect(origins.preflightFor(origin)).toEqual([])
  })

  it('tell a preflight what a listed page may send', () => {
    const headers = Object.fromEntries(origins.preflightFor(app))

    expect(headers['access-control-allow-methods']).toBe('GET, POST, OPTIONS')
    expect(headers['access-control-allow-headers']?.split(', ')).toEqual(
      expect.arrayContaining(['content-type', 'authorization', 'x-authentik-csrf', 'stagedoor-session']),
    )
    expect(headers['access-control-allow-origin']).toBe(app)
  })
})
