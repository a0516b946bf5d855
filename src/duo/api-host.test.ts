import { describe, expect, it } from 'vitest'
import { readApiHost } from './api-host.ts'

describe("Duo's API hostname", () => {
  it.each([
    ['api-0123abcd.duosecurity.com', 'api-0123abcd.duosecurity.com', 443, 'api-0123abcd.duosecurity.com'],
    ['API-0123ABCD.DuoSecurity.com', 'api-0123abcd.duosecurity.com', 443, 'api-0123abcd.duosecurity.com'],
    ['api.example.test:8443', 'api.example.test', 8443, 'api.example.test:8443'],
    ['api.example.test:443', 'api.example.test', 443, 'api.example.test'],
    ['127.0.0.1:9443', '127.0.0.1', 9443, '127.0.0.1:9443'],
    ['localhost', 'localhost', 443, 'localhost'],
  ])('may be %s', (text, hostname, port, host) => {
    expect(readApiHost(text)).toEqual({ hostname, port, host })
  })

  it.each([
    '',
    ' api.example.test',
    'api.example.test ',
    'api.example.test\r\nx-other: 1',
    'https://api.example.test',
    'api.example.test/auth',
    'api.example.test?x=1',
    'api.example.test#x',
    'user@api.example.test',
    'user:password@api.example.test',
    'api.example.test:',
    'api.example.test:0',
    'api.example.test:65536',
    'api.example.test:44a',
    '-api.example.test',
    'api..example.test',
    'api_1.example.test',
    '[::1]',
    '0x7f.1',
    '127.1',
    '2130706433',
    'bücher.example',
    `${'a'.repeat(64)}.example.test`,
    `${'a.'.repeat(150)}test`,
  ])('may not be %j', (text) => {
    expect(readApiHost(text)).toBeUndefined()
  })
})
