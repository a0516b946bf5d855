import { describe, expect, it } from 'vitest'
import { networksOf } from '../config.ts'
import { originOf } from './client-address.ts'

const nobody = networksOf([])
const proxies = networksOf(['10.0.0.0/8', '2001:db8::/32'])
const proxy = { remoteAddress: '10.0.0.1' }
const stranger = { remoteAddress: '203.0.113.9' }

const clientIp = (forwarded: string | string[] | undefined, socket: { remoteAddress?: string } = proxy) =>
  originOf({ ...(forwarded !== undefined && { 'x-forwarded-for': forwarded as string }) }, socket, proxies).clientIp

describe('the address of a client', () => {
  it.each([
    ['203.0.113.9', '203.0.113.9'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['2001:db9::1', '2001:db9::1'],
    [undefined, ''],
  ])('is that of the connection: %s', (remoteAddress, address) => {
    expect(originOf({}, { remoteAddress }, nobody).clientIp).toBe(address)
  })

  it('is never taken from somebody whom nobody trusts', () => {
    expect(clientIp('198.51.100.1', stranger)).toBe('203.0.113.9')
    expect(originOf({ 'x-forwarded-for': '198.51.100.1' }, proxy, nobody).clientIp).toBe('10.0.0.1')
  })

  it.each([
    ['198.51.100.1', '198.51.100.1'],
    ['2001:db9::1', '2001:db9::1'],
    ['::ffff:198.51.100.1', '198.51.100.1'],
    ['198.51.100.1:4711', '198.51.100.1'],
    ['[2001:db9::1]:4711', '2001:db9::1'],
    ['[2001:db9::1]', '2001:db9::1'],
    [' 198.51.100.1 ', '198.51.100.1'],
  ])('is what a trusted proxy says: %s', (forwarded, address) => {
    expect(clientIp(forwarded)).toBe(address)
  })

  it.each([
    ['the last one that is no proxy', '198.51.100.1, 10.0.0.2, 2001:db8::5', '198.51.100.1'],
    ['not what a client wrote before it', '192.0.2.66, 198.51.100.1', '198.51.100.1'],
    ['not what a client wrote, where the proxy adds a port', '192.0.2.66, 198.51.100.1:4711', '198.51.100.1'],
    ['the first one, where all are proxies', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['the proxy, where it says nothing', '', '10.0.0.1'],
    ['the proxy, where it says nothing that makes sense', 'unknown', '10.0.0.1'],
    ['the proxy, and nothing that stands before what makes no sense', '192.0.2.66, unknown', '10.0.0.1'],
    ['the proxy before that', '192.0.2.66, unknown, 10.0.0.2', '10.0.0.2'],
  ])('in a chain is %s', (_, forwarded, address) => {
    expect(clientIp(forwarded)).toBe(address)
  })

  it('may be told in several headers', () => {
    expect(clientIp(['192.0.2.66', '198.51.100.1'])).toBe('198.51.100.1')
  })
})

describe('what a request says of this server', () => {
  const forwarded = { 'x-forwarded-host': 'login.example.test', 'x-forwarded-proto': 'https', host: 'internal:9000' }

  it('is what the client asked for', () => {
    expect(originOf({ host: 'Login.Example.test:9000' }, stranger, nobody)).toEqual({
      clientIp: '203.0.113.9',
      host: 'login.example.test',
      ownOrigin: 'http://login.example.test:9000',
      secure: false,
      behindProxy: false,
    })
    expect(originOf({ host: 'login.example.test' }, { ...stranger, encrypted: true }, nobody)).toMatchObject({
      ownOrigin: 'https://login.example.test',
      secure: true,
    })
  })

  it('is what a trusted proxy was asked for', () => {
    expect(originOf(forwarded, proxy, proxies)).toMatchObject({
      host: 'login.example.test',
      ownOrigin: 'https://login.example.test',
      secure: true,
    })
    expect(originOf({ ...forwarded, 'x-forwarded-proto': 'http' }, { ...proxy, encrypted: true }, proxies).secure).toBe(false)
    expect(originOf({ host: 'internal:9000' }, proxy, proxies)).toMatchObject({ host: 'internal', secure: false })
  })

  it('is not what a stranger claims', () => {
    expect(originOf(forwarded, stranger, proxies)).toMatchObject({ ownOrigin: 'http://internal:9000', secure: false })
  })

  it.each([
    ['[::1]:9000', '[::1]'],
    ['[::1]', '[::1]'],
    ['localhost', 'localhost'],
    ['127.0.0.1:80', '127.0.0.1'],
    ['', ''],
  ])('has a host without a port: %j', (host, name) => {
    expect(originOf({ host }, stranger, nobody).host).toBe(name)
  })
})
