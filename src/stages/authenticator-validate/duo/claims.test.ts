import { describe, expect, it } from 'vitest'
import type { DuoGateway } from '../../../flow/duo.ts'
import { DuoClaimants, DuoClaims, mostClaims } from './claims.ts'

const gateway = () => ({}) as DuoGateway

describe('what a server has claimed to ask', () => {
  it('is asked once', async () => {
    const claims = new DuoClaims<number>()
    let asked = 0
    const ask = async () => {
      asked += 1
      return asked
    }
    claims.add('one')

    expect(await Promise.all([claims.once('one', ask), claims.once('one', ask)])).toEqual([1, 1])
    expect(claims.once('another', ask)).toBeUndefined()
  })

  it('is forgotten when there is too much of it, the oldest first', () => {
    const claims = new DuoClaims<number>()
    for (let made = 0; made <= mostClaims; made += 1) claims.add(`claim ${made}`)

    expect(claims.once('claim 0', async () => 1)).toBeUndefined()
    expect(claims.once('claim 1', async () => 1)).toBeDefined()
  })

  it('is its own, and the same whenever it looks', () => {
    const claimants = new DuoClaimants<number>()
    const [here, there] = [gateway(), gateway()]
    claimants.of(here).add('one')

    expect(claimants.of(there).once('one', async () => 1)).toBeUndefined()
    expect(claimants.of(here).once('one', async () => 1)).toBeDefined()
  })
})
