import { availableParallelism, cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { stores } from '../test/support/test-database.ts'
import { efforts, measureStore, type StoreResults } from './plan.ts'
import { report } from './report.ts'

const { values } = parseArgs({ options: { quick: { type: 'boolean' }, store: { type: 'string' } } })
const wanted = values.store ?? (values.quick ? 'sqlite' : undefined)
const chosen = stores.filter(({ provider, available }) => (wanted === undefined ? available : provider === wanted))
if (chosen.length === 0) throw new Error('--store is sqlite or postgresql; without it, both that can be reached.')
const effort = values.quick ? efforts.quick : efforts.full

console.log(`Stagedoor on Node ${process.version}, ${availableParallelism()} x ${cpus()[0]?.model ?? 'unknown processor'}\n`)
const started = performance.now()
const results: StoreResults[] = []
for (const { provider } of chosen) results.push(await measureStore(provider, effort))
console.log(report(results, effort))
if (!stores.every(({ available }) => available)) console.log('PostgreSQL was left out: TEST_POSTGRES_URL leads nowhere.')
console.log(`Measured in ${Math.round((performance.now() - started) / 1000)} s.`)
