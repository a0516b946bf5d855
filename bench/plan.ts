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
import { type Load, type Measurement, measure, type Subject } from './measure.ts'
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
  full: { concurrencies: [1, 16, 64], seconds: 1.1, warmUp: { argon2id: 0.6, benchmark: 2.5 } },
  quick: { concurrencies: [16], seconds: 0.6, warmUp: { argon2id: 0.3, benchmark: 1.2 } },
} as const satisfies Record<string, Effort>

export const faces = ['GraphQL', 'REST'] as const
type PerFace<Value> = Readonly<Record<(typeof faces)[number], Value>>
/** By face, and of the floor, which is measured in turn with them: a machine does not stay as fast as it was. */
type Compared<Value> = PerFace<Value> & { readonly floor: Value }

const signIns: PerFace<Journey> = { GraphQL: graphqlSignIn, REST: restSignIn }
const steps: PerFace<Journey> = { GraphQL: graphqlSteps, REST: restSteps }
const whoAmI: PerFace<Journey> = { GraphQL: graphqlWhoAmI, REST: restWhoAmI }
/** Where one concurrency is enough. */
const usual = 16

/** What was measured on one store. */
export interface StoreResults {
  readonly provider: StoreProvider
  /** Sign-ins by hasher, in the order of the concurrencies. */
  readonly signIns: Readonly<Record<Hasher, Compared<readonly Measurement[]>>>
  readonly steps: PerFace<Measurement>
  readonly whoAmI: PerFace<Measurement>
  readonly queries: readonly Counted[]
}

/** Measures the product on one kind of database. */
export async function measureStore(provider: StoreProvider, effort: Effort): Promise<StoreResults> {
  const queries = await countQueries(provider)
  const argon2id = await withProduct(provider, 'argon2id', (product) => compareSignIns(product, 'argon2id', effort))
  const cheap = await withProduct(provider, 'benchmark', async (product) => ({
    signIns: await compareSignIns(product, 'benchmark', effort),
    steps: await forFaces((face) => warmed(product, effort, { journey: steps[face] })),
    whoAmI: await forFaces((face) => warmed(product, effort, { journey: whoAmI[face], before: signIns[face] })),
  }))
  return { ...cheap, provider, signIns: { argon2id, benchmark: cheap.signIns }, queries }
}

function compareSignIns(product: Subject, hasher: Hasher, { concurrencies, seconds, warmUp }: Effort) {
  return withFloor(hasher, async (floor): Promise<Compared<readonly Measurement[]>> => {
    for (const face of faces) await measure(product, { journey: signIns[face], concurrency: usual, seconds: warmUp[hasher] })
    await measure(floor, { journey: floorSignIn, concurrency: usual, seconds: 0.4 })

    const compared = { floor: [] as Measurement[], GraphQL: [] as Measurement[], REST: [] as Measurement[] }
    for (const concurrency of concurrencies) {
      compared.floor.push(await measure(floor, { journey: floorSignIn, concurrency, seconds }))
      for (const face of faces) compared[face].push(await measure(product, { journey: signIns[face], concurrency, seconds }))
    }
    return compared
  })
}

async function warmed(
  subject: Subject,
  { seconds, warmUp }: Effort,
  load: Pick<Load, 'journey' | 'before'>,
): Promise<Measurement> {
  await measure(subject, { ...load, concurrency: usual, seconds: warmUp.benchmark / 3 })
  return measure(subject, { ...load, concurrency: usual, seconds })
}

/** One after the other: two loads at once would measure each other. */
async function forFaces<Result>(work: (face: (typeof faces)[number]) => Promise<Result>): Promise<PerFace<Result>> {
  return { GraphQL: await work('GraphQL'), REST: await work('REST') }
}
