import { startDuoServer } from '../../test/support/duo-server.ts'
import type { StoreProvider } from '../../test/support/test-database.ts'
import { type Approvals, measureApprovals } from './approval.ts'
import { seedApprovers } from './approvers.ts'
import { type CrowdEffort, type CrowdResult, crowdsThatFit, measureCrowds } from './crowd.ts'
import { type FanOut, measureFanOut } from './fan-out.ts'
import { withStreamFloor } from './floor.ts'
import { type Setting, settingsFor, withNodes } from './nodes.ts'
import { seedStreams } from './seed.ts'

/** How long and how hard. */
export interface StreamEffort {
  /** How many people approve, those among them who warm the servers up. */
  readonly approvals: number
  /** Seconds of one measurement of fanning out. */
  readonly seconds: number
  readonly crowd: CrowdEffort
  /** Whether one node on one store is enough to compare two nodes with. */
  readonly briefly: boolean
}

export const streamEfforts = {
  // Nobody moves for longer than a server leaves between two looks at all that is watched.
  full: { briefly: false, approvals: 140, seconds: 0.8, crowd: { sizes: [1000, 5000, 10_000], quiet: 10.5, sample: 100 } },
  quick: { briefly: true, approvals: 24, seconds: 0.2, crowd: { sizes: [1000], quiet: 2, sample: 20 } },
} as const satisfies Record<string, StreamEffort>

/** What was measured in one setting. */
export interface SettingResults {
  readonly setting: Setting
  readonly approvals: Approvals
  readonly fanOut: FanOut
  /** Only of the first setting. */
  readonly crowds: readonly CrowdResult[]
}

/** Everything, and a sentence for each thing that could not be measured here. */
export interface StreamResults {
  readonly measured: readonly SettingResults[]
  readonly missing: readonly string[]
}

/** Measures how those who wait are told. */
export async function measureStreams(providers: readonly StoreProvider[], effort: StreamEffort): Promise<StreamResults> {
  const { settings, missing } = settingsFor(providers)
  const sizes = crowdsThatFit(effort.crowd.sizes)
  const measured: SettingResults[] = []
  for (const setting of settings) {
    if (effort.briefly && measured.length > 0 && setting.nodes === 1) continue
    measured.push(await measureSetting(setting, effort, measured.length === 0 ? sizes : []))
  }
  const tooLarge = effort.crowd.sizes.filter((size) => !sizes.includes(size))
  const leftOut = tooLarge.map(
    (size) => `${size} subscriptions were left out: a process may not open as many files here (ulimit -n).`,
  )
  return { measured, missing: [...missing, ...leftOut] }
}

async function measureSetting(setting: Setting, effort: StreamEffort, sizes: readonly number[]): Promise<SettingResults> {
  const { approvals: people, seconds, crowd } = effort
  const duo = await startDuoServer({ now: () => new Date(), keepsRequests: false })
  const seed = async (database: Parameters<typeof seedStreams>[0]) => {
    await seedStreams(database)
    return seedApprovers(database, duo, people)
  }
  try {
    return await withStreamFloor(duo, (floor) =>
      withNodes(setting, { env: duo.env, seed }, async (nodes, approvers) => {
        const approvals = await measureApprovals(nodes, floor, duo, approvers)
        const fanOut = await measureFanOut(nodes, floor, seconds)
        const crowds = sizes.length > 0 ? await measureCrowds(nodes.here, { ...crowd, sizes }) : []
        return { setting, approvals, fanOut, crowds }
      }),
    )
  } finally {
    await duo.close()
  }
}
