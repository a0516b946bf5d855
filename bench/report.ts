import type { Measurement } from './measure.ts'
import { type Effort, faces, type measureFloor, type StoreResults } from './plan.ts'
import type { Hasher } from './subjects.ts'
import { digits, type Line, table } from './table.ts'

type Floor = Awaited<ReturnType<typeof measureFloor>>

const storeNames = { sqlite: 'SQLite', postgresql: 'PostgreSQL' } as const

/** Everything that was measured, what travels between machines first. */
export function report(floor: Floor, stores: readonly StoreResults[], { concurrencies }: Effort): string {
  const heads = concurrencies.map((concurrency) => `${concurrency} at once`)
  const rows = (hasher: Hasher, cell: (measurement: Measurement, base: Measurement) => string) =>
    perFace(stores, (store, face) =>
      store.signIns[hasher][face].map((measurement, index) => cell(measurement, floor[hasher][index] ?? measurement)),
    )
  const floorRow = (hasher: Hasher, cell: (measurement: Measurement) => string): Line => [
    'floor: bare node:http',
    ...floor[hasher].map(cell),
  ]
  const perSecond = ({ perSecond: rate }: Measurement) => digits(rate, 0)
  return [
    '== Ratios: these travel between machines ==\n',
    table(
      'Sign-ins a second, as a share of the floor that only checks the password (argon2id)',
      heads,
      rows('argon2id', (own, base) => digits(own.perSecond / base.perSecond, 2)),
    ),
    table(
      "Server CPU of a whole sign-in, in floors' sign-ins (argon2id)",
      heads,
      rows('argon2id', (own, base) => digits(own.cpu / base.cpu, 2)),
    ),
    table(
      'What a sign-in costs the server beside its hash, in hashes',
      heads,
      perFace(stores, (store, face) =>
        store.signIns.benchmark[face].map(({ cpu }, index) => digits(cpu / (floor.argon2id[index]?.cpu ?? Number.NaN), 2)),
      ),
    ),
    table('Queries of each request: r reads, w writes', [], queryLines(stores)),
    '== Milliseconds of CPU: for this machine ==\n',
    table('A sign-in with argon2id, server', heads, [
      floorRow('argon2id', ({ cpu }) => digits(cpu, 2)),
      ...rows('argon2id', ({ cpu }) => digits(cpu, 2)),
    ]),
    table('A sign-in beside its hash (PASSWORD_HASHER=benchmark), server + database', heads, [
      floorRow('benchmark', ({ cpu }) => digits(cpu, 2)),
      ...rows('benchmark', spellCpu),
    ]),
    table(
      'One request, server + database',
      ['step without a hash', 'who am I'],
      perFace(stores, (store, face) => [spellCpu(store.steps[face]), spellCpu(store.whoAmI[face])]),
    ),
    '== A second: for this machine, while it also made the load ==\n',
    table('Sign-ins with argon2id', heads, [floorRow('argon2id', perSecond), ...rows('argon2id', perSecond)]),
    table('Sign-ins beside their hash', heads, [floorRow('benchmark', perSecond), ...rows('benchmark', perSecond)]),
    table(
      'Requests',
      ['steps without a hash', 'who am I'],
      perFace(stores, (store, face) => [perSecond(store.steps[face]), perSecond(store.whoAmI[face])]),
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
