import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { duoLookup, duoSettings, readDuoSettings } from './duo-settings.ts'

const config = { clientId: 'DI1', clientSecret: 'a secret', apiHostname: 'api-1.duo.test' }
const admin = { adminIntegrationKey: 'DI2', adminSecretKey: 'another secret' }
const isTaken = (apiHostname: string) => z.object(duoSettings).safeParse({ ...config, apiHostname }).success

describe('the settings of Duo', () => {
  it('are read from the config of any stage that has them', () => {
    expect(readDuoSettings({ ...config, ...admin, failMode: 'safe', friendlyName: 'Duo' })).toEqual({
      duo: { integrationKey: 'DI1', secretKey: 'a secret', host: 'api-1.duo.test' },
      admin: { integrationKey: 'DI2', secretKey: 'another secret', host: 'api-1.duo.test' },
      failMode: 'safe',
    })
  })

  it('let nobody pass a Duo that does not answer, unless told', () => {
    expect(readDuoSettings(config)).toMatchObject({ failMode: 'secure' })
  })

  it.each([{}, { adminSecretKey: '' }, { adminIntegrationKey: '' }])('have no Admin API by half: %j', (half) => {
    const halved = Object.keys(half).length === 0 ? {} : { ...admin, ...half }

    expect(readDuoSettings({ ...config, ...halved })).toMatchObject({ admin: undefined })
  })

  it.each([undefined, {}, { provider: 'twilio' }, { ...config, clientSecret: undefined }])('are not in %j', (other) => {
    expect(readDuoSettings(other)).toBeUndefined()
  })

  it.each(['api-0123abcd.duosecurity.com', 'API-1.duo.test:8443', '127.0.0.1:1', 'localhost:65535'])(
    'take the host %s',
    (host) => {
      expect(isTaken(host)).toBe(true)
    },
  )

  it.each([
    'https://api-1.duo.test',
    'api-1.duo.test/',
    'api-1.duo.test/auth',
    'somebody@api-1.duo.test',
    'api-1.duo.test:0',
    'api-1.duo.test:65536',
    'api-1.duo.test:',
    'api-1.duo.test:80:80',
    '-api.duo.test',
    'api..duo.test',
    'api 1.duo.test',
    'api.duo.test\n',
    'api.duo.test?x',
    '',
  ])('do not take the host %j', (host) => {
    expect(isTaken(host)).toBe(false)
  })
})

it('tells people at Duo apart by stage and by who they are', () => {
  const lookups = [duoLookup('one', 'DU1'), duoLookup('two', 'DU1'), duoLookup('one', 'DU2')]

  expect(new Set(lookups).size).toBe(3)
})
