import { describe, expect, it } from 'vitest'
import { TestEngine } from '../../test/support/policies.ts'
import { someUser } from '../../test/support/stage-services.ts'
import type { PolicyBinding } from '../flow/ports.ts'

const ada = someUser({ id: 7 })
const groups = { 7: ['staff'] }

/** What a binding may be, and what it says by the rules (reference: flow-core 5.1, 5.2). */
interface Sample {
  readonly label: string
  readonly negate: boolean
  readonly failureResult: boolean
  /** Undefined for a binding of a user or a group. */
  readonly policy?: 'passes' | 'fails' | 'throws'
  readonly member?: boolean
}

const booleans = [false, true]
const samples: readonly Sample[] = booleans.flatMap((negate) => [
  ...booleans.flatMap((failureResult) =>
    (['passes', 'fails', 'throws'] as const).map((policy) => ({
      label: `${negate ? 'not ' : ''}${policy}${failureResult ? ' or passes' : ''}`,
      negate,
      failureResult,
      policy,
    })),
  ),
  ...booleans.map((member) => ({
    label: `${negate ? 'not ' : ''}a ${member ? 'member' : 'stranger'}`,
    negate,
    failureResult: false,
    member,
  })),
])

/** The rules, as slowly and plainly as they can be written. */
function model(mode: 'all' | 'any', bindings: readonly Sample[], somebody: boolean) {
  const verdict = count(mode, bindings, somebody)
  const decided = verdict.passing || !count(mode, bindings, somebody, true).passing
  return decided ? verdict : { ...verdict, undecided: true }
}

/** What they say together, where those that throw say what their binding has it, or all say yes. */
function count(mode: 'all' | 'any', bindings: readonly Sample[], somebody: boolean, thrownIsYes = false) {
  const votes: boolean[] = []
  const messages: string[] = []
  for (const { policy, negate, failureResult, label } of bindings) {
    if (policy === undefined) continue
    messages.push(label)
    if (policy === 'throws') votes.push(failureResult || thrownIsYes)
    else votes.push(negate ? policy === 'fails' : policy === 'passes')
  }
  const members = bindings.filter(({ policy }) => policy === undefined)
  if (members.length > 0) {
    let passing = mode === 'all'
    for (const { member, negate } of members) {
      const vote = negate ? !member : member === true
      passing = mode === 'all' ? passing && vote : passing || vote
    }
    votes.push(somebody && passing)
  }
  if (votes.length === 0) return { passing: true, messages }
  let passing = mode === 'all'
  for (const vote of votes) passing = mode === 'all' ? passing && vote : passing || vote
  return { passing, messages }
}

function bindingOf(engine: TestEngine, { policy, negate, failureResult, member, label }: Sample): PolicyBinding {
  if (policy === undefined) return engine.membership({ negate, groupId: member ? 'staff' : 'admins' })
  const evaluate = () => {
    if (policy === 'throws') throw new Error(label)
    return { passing: policy === 'passes', messages: [label] }
  }
  return engine.policy(evaluate, { negate, failureResult })
}

/** Every list of at most three samples. */
function* targets(): Generator<readonly Sample[]> {
  yield []
  for (const first of samples) {
    yield [first]
    for (const second of samples) {
      yield [first, second]
      for (const third of samples) yield [first, second, third]
    }
  }
}

describe('the policy engine', () => {
  it.each(['all', 'any'] as const)(
    'agrees with a plain model on every target of up to three bindings, in mode %s',
    async (mode) => {
      const disagreements: unknown[] = []
      let judged = 0
      for (const target of targets()) {
        for (const user of [ada, undefined]) {
          const engine = new TestEngine(groups)
          const said = await engine.judge(
            mode,
            target.map((sample) => bindingOf(engine, sample)),
            { user },
          )
          const expected = model(mode, target, user !== undefined)
          judged += 1
          if (JSON.stringify(said) !== JSON.stringify(expected))
            disagreements.push({ target, somebody: user !== undefined, said, expected })
        }
      }

      expect(disagreements.slice(0, 3)).toEqual([])
      expect(judged).toBe(2 * (1 + 16 + 16 ** 2 + 16 ** 3))
    },
  )
})
