import { availableParallelism, cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { stores } from '../test/support/test-database.ts'
import { efforts, measureStore, type StoreResults } from './plan.ts'
import { report } from './report.ts'
import { measureStreams, streamEfforts } from './streams/plan.ts'
import { streamReport } from './streams/report.ts'

const { values } = parseArgs({ options: { quick: { type: 'boolean' }, store: { type: 'string' }, part: { type: 'string' } } })
const parts = ['requests', 'streams']
if (values.part !== undefined && !parts.includes(values.part))
  throw new Error(`--part is ${parts.join(' or ')}; without it, both.`)
const does = (part: string) => values.part === undefined || values.part === part
const reached = stores.filter(({ provider, available }) => (values.store === undefined ? available : provider === values.store))
if (reached.length === 0) throw new Error('--store is sqlite or postgresql; without it, both that can be reached.')
const size = values.quick ? 'quick' : 'full'

console.log(`Stagedoor on Node ${process.version}, ${availableParallelism()} x ${cpus()[0]?.model ?? 'unknown processor'}\n`)
const started = performance.now()
if (does('requests')) {
  const results: StoreResults[] = []
  for (const { provider } of values.quick ? reached.slice(0, 1) : reached)
    results.push(await measureStore(provider, efforts[size]))
  console.log(report(results, efforts[size]))
}
if (does('streams')) {
  const providers = reached.map(({ provider }) => provider)
  console.log(streamReport(await measureStreams(providers, streamEfforts[size])))
}
if (!stores.every(({ available }) => available)) console.log('PostgreSQL was left out: TEST_POSTGRES_URL leads nowhere.')
console.log(`Measured in ${Math.round((performance.now() - started) / 1000)} s.`)
