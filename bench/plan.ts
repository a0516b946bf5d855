import type { StoreProvider } from '../test/support/test-database.ts'
import { type Counted, countQueries } from './count.ts'
import {
  floorSignIn,
  graphqlSignIn,
  graphqlSteps,
  graphqlWhoAmI,
  type Journey,
  restSignIn,
  restSteps,
  restWhoAmI,
} from './journeys.ts'
import { type Measurement, measure, type Subject } from './measure.ts'
import { type Hasher, withFloor, withProduct } from './subjects.ts'

/** How long and how hard. */
export interface Effort {
  readonly concurrencies: readonly number[]
  /** Seconds of one measurement. */
  readonly seconds: number
  /** Seconds of each journey before anything is measured: a server that has just started compiles rather than serves. */
  readonly warmUp: Readonly<Record<Hasher, number>>
}

export const efforts = {
  full: { concurrencies: [1, 16, 64], seconds: 1.3, warmUp: { argon2id: 0.8, benchmark: 3 } },
  quick: { concurrencies: [16], seconds: 0.7, warmUp: { argon2id: 0.4, benchmark: 1.5 } },
} as const satisfies Record<string, Effort>

export const faces = ['GraphQL', 'REST'] as const
type Face = (typeof faces)[number]
type PerFace<Value> = Readonly<Record<Face, Value>>

const signIns: PerFace<Journey> = { GraphQL: graphqlSignIn, REST: restSignIn }
const steps: PerFace<Journey> = { GraphQL: graphqlSteps, REST: restSteps }
const whoAmI: PerFace<Journey> = { GraphQL: graphqlWhoAmI, REST: restWhoAmI }
/** Where one concurrency is enough. */
const usual = 16

/** What was measured on one store. */
export interface StoreResults {
  readonly provider: StoreProvider
  /** Sign-ins by hasher and face, in the order of the concurrencies. */
  readonly signIns: Readonly<Record<Hasher, PerFace<readonly Measurement[]>>>
  readonly steps: PerFace<Measurement>
  readonly whoAmI: PerFace<Measurement>
  readonly queries: readonly Counted[]
}

/** Measures the floor: its sign-ins by hasher, in the order of the concurrencies. */
export async function measureFloor(effort: Effort): Promise<Readonly<Record<Hasher, readonly Measurement[]>>> {
  const measured = (hasher: Hasher) => withFloor(hasher, (subject) => climb(subject, hasher, floorSignIn, effort))
  return { argon2id: await measured('argon2id'), benchmark: await measured('benchmark') }
}

/** Measures the product on one kind of database. */
export async function measureStore(provider: StoreProvider, effort: Effort): Promise<StoreResults> {
  const queries = await countQueries(provider)
  const argon2id = await withProduct(provider, 'argon2id', (subject) =>
    forFaces(signIns, (journey) => climb(subject, 'argon2id', journey, effort)),
  )
  const rest = await withProduct(provider, 'benchmark', async (subject) => ({
    benchmark: await forFaces(signIns, (journey) => climb(subject, 'benchmark', journey, effort)),
    steps: await forFaces(steps, (journey) => once(subject, journey, effort)),
    whoAmI: await forFaces(whoAmI, (journey, face) => once(subject, journey, effort, signIns[face])),
  }))
  return {
    provider,
    signIns: { argon2id, benchmark: rest.benchmark },
    steps: rest.steps,
    whoAmI: rest.whoAmI,
    queries,
  }
}

async function climb(
  subject: Subject,
  hasher: Hasher,
  journey: Journey,
  { concurrencies, seconds, warmUp }: Effort,
): Promise<Measurement[]> {
  await measure(subject, { journey, concurrency: usual, seconds: warmUp[hasher] })
  const measurements: Measurement[] = []
  for (const concurrency of concurrencies) measurements.push(await measure(subject, { journey, concurrency, seconds }))
  return measurements
}

async function once(subject: Subject, journey: Journey, { seconds, warmUp }: Effort, before?: Journey): Promise<Measurement> {
  const load = { journey, concurrency: usual, ...(before && { before }) }
  await measure(subject, { ...load, seconds: warmUp.benchmark / 3 })
  return measure(subject, { ...load, seconds })
}

/** One after the other: two loads at once would measure each other. */
async function forFaces<Value, Result>(values: PerFace<Value>, work: (value: Value, face: Face) => Promise<Result>) {
  return { GraphQL: await work(values.GraphQL, 'GraphQL'), REST: await work(values.REST, 'REST') }
}
