import type { Measurement } from './measure.ts'
import { type Effort, faces, type StoreResults } from './plan.ts'
import type { Hasher } from './subjects.ts'
import { digits, type Line, table } from './table.ts'

const storeNames = { sqlite: 'SQLite', postgresql: 'PostgreSQL' } as const

/** Everything that was measured, what travels between machines first. */
export function report(stores: readonly StoreResults[], { concurrencies }: Effort): string {
  const heads = concurrencies.map((concurrency) => `${concurrency} at once`)
  const ratios = (hasher: Hasher, ratio: (own: Measurement, hash: Measurement) => number) =>
    perFace(stores, ({ signIns }, face) =>
      signIns[hasher][face].map((own, index) => digits(ratio(own, signIns.argon2id.floor[index] ?? own), 2)),
    )
  const withFloor = (hasher: Hasher, spell: (measurement: Measurement) => string) => [
    ...stores.map(({ provider, signIns }): Line => [`floor, ${storeNames[provider]} run`, ...signIns[hasher].floor.map(spell)]),
    ...perFace(stores, ({ signIns }, face) => signIns[hasher][face].map(spell)),
  ]
  return [
    '== Ratios: these travel between machines ==\n',
    table(
      'Sign-ins a second, as a share of a bare server that only checks the password (argon2id)',
      heads,
      ratios('argon2id', (own, hash) => own.perSecond / hash.perSecond),
    ),
    table(
      'Server CPU of a whole sign-in, in bare password checks (argon2id)',
      heads,
      ratios('argon2id', (own, hash) => own.cpu / hash.cpu),
    ),
    table(
      'Server CPU of a sign-in beside its hash, in bare password checks',
      heads,
      ratios('benchmark', (own, hash) => own.cpu / hash.cpu),
    ),
    table('Queries of each request: r reads, w writes', [], queryLines(stores)),
    '== Milliseconds of CPU: for this machine ==\n',
    table(
      'A sign-in with argon2id, server',
      heads,
      withFloor('argon2id', ({ cpu }) => digits(cpu, 2)),
    ),
    table('A sign-in beside its hash (PASSWORD_HASHER=benchmark), server + database', heads, withFloor('benchmark', spellCpu)),
    table(
      'One request, server + database',
      ['step without a hash', 'who am I'],
      perFace(stores, (store, face) => [spellCpu(store.steps[face]), spellCpu(store.whoAmI[face])]),
    ),
    '== A second: for this machine, which also made the load ==\n',
    table('Sign-ins with argon2id', heads, withFloor('argon2id', spellRate)),
    table('Sign-ins beside their hash', heads, withFloor('benchmark', spellRate)),
    table(
      'Requests',
      ['steps without a hash', 'who am I'],
      perFace(stores, (store, face) => [spellRate(store.steps[face]), spellRate(store.whoAmI[face])]),
    ),
    comparison,
  ].join('\n')
}

const comparison = table(
  '== To compare with: server CPU, measured elsewhere on this kind of machine (ms) ==',
  ['sign-in beside its hash', 'who am I'],
  [
    ['three requests, Yoga + Prisma + PostgreSQL', '9.5', '2.2'],
    ['better-auth', '5.5', '4.0'],
    ['Express + passport', '2.5', '1.9'],
    ['what we aim at, GraphQL: below', '5.0', '1.1'],
    ['what we aim at, REST: below', '2.7', '1.1'],
  ],
)

function spellCpu({ cpu, databaseCpu }: Measurement): string {
  return databaseCpu === undefined ? digits(cpu, 2) : `${digits(cpu, 2)} + ${digits(databaseCpu, 2)}`
}

function spellRate({ perSecond }: Measurement): string {
  return digits(perSecond, 0)
}

function perFace(
  stores: readonly StoreResults[],
  cells: (store: StoreResults, face: (typeof faces)[number]) => readonly string[],
): Line[] {
  return stores.flatMap((store) =>
    faces.map((face) => [`${face}, ${storeNames[store.provider]}`, ...cells(store, face)] as const),
  )
}

function queryLines(stores: readonly StoreResults[]): Line[] {
  return stores.flatMap(({ provider, queries }) =>
    queries.map(({ name, requests }) => [`${name}, ${storeNames[provider]}: ${requests.join(', ')}`] as const),
  )
}
