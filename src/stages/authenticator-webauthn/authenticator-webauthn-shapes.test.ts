import { describe, expect, it } from 'vitest'
import { configProblems, refusals } from '../../../test/support/stage-context.ts'
import { authenticatorWebauthnStage as stage } from './authenticator-webauthn.stage.ts'

describe('what is sent', () => {
  it.each([
    [{}, 'required'],
    [{ response: null }, 'null'],
    [{ response: 'Y3JlZA' }, 'not_a_dict'],
  ])('is an object: %j', (response, code) => {
    expect(refusals(stage, response)).toMatchObject([{ field: 'response', code }])
  })

  it.each<[object, string]>([
    [{ userVerification: 'maybe' }, 'userVerification'],
    [{ residentKeyRequirement: null }, 'residentKeyRequirement'],
    [{ authenticatorAttachment: 'wall' }, 'authenticatorAttachment'],
    [{ hints: ['phone'] }, 'hints.0'],
    [{ deviceTypeRestrictions: ['YubiKey'] }, 'deviceTypeRestrictions.0'],
    [{ maxAttempts: -1 }, 'maxAttempts'],
    [{ maxAttempts: 1.5 }, 'maxAttempts'],
  ])('is no config: %j', (config, field) => {
    expect(configProblems(stage, config)).toEqual([field])
  })
})
