import { digits, type Line, table } from '../table.ts'
import { audience } from './fan-out.ts'
import type { Told } from './fan-out-floor.ts'
import type { Percentiles } from './percentiles.ts'
import type { SettingResults, StreamResults } from './plan.ts'

const wide = audience.wide.sockets * audience.wide.each
const ways = [`${wide} watch one execution`, 'one each watches many'] as const

/** Everything that was measured of those who wait, what travels between machines first. */
export function streamReport({ measured: all, missing }: StreamResults): string {
  const own = (spell: (measured: SettingResults) => readonly string[]) =>
    all.map((measured): Line => [measured.setting.name, ...spell(measured)])
  const withFloor = (
    floor: (measured: SettingResults) => readonly string[],
    product: (measured: SettingResults) => readonly string[],
  ) =>
    all.flatMap((measured): Line[] => [
      [`floor, ${measured.setting.name} run`, ...floor(measured)],
      [measured.setting.name, ...product(measured)],
    ])
  return [
    '== Who waits, ratios: these travel between machines ==\n',
    table(
      "From Duo's approval to the subscriber's event, in times of a bare server that asks Duo and tells",
      ['p50', 'p99'],
      own(({ approvals: { product, floor } }) => [digits(product.p50 / floor.p50, 1), digits(product.p99 / floor.p99, 1)]),
    ),
    table(
      'Events a second, as a share of a bare server that only sends them',
      ways,
      own(({ fanOut }) => bothWays((way) => digits(fanOut[way].perSecond / fanOut.floor[way].perSecond, 3))),
    ),
    table(
      'CPU of an event beside the answer that caused it, in bare messages',
      ways,
      own(({ fanOut }) => bothWays((way) => digits(fanOut[way].cpu / fanOut.floor[way].cpu, 1))),
    ),
    '== Who waits, milliseconds: for this machine ==\n',
    table(
      "From Duo's approval to the subscriber's event",
      ['p50', 'p99'],
      withFloor(
        ({ approvals }) => spell(approvals.floor),
        ({ approvals }) => spell(approvals.product),
      ),
    ),
    table(
      'From an answer to the last event that it caused',
      ways.flatMap((way) => [`${way}: p50`, 'p99']),
      own(({ fanOut }) => [...spell(fanOut.wide.delay), ...spell(fanOut.long.delay)]),
    ),
    table(
      'CPU of an event beside the answer that caused it, all nodes',
      ways,
      withFloor(
        ({ fanOut }) => bothWays((way) => digits(fanOut.floor[way].cpu, 3)),
        ({ fanOut }) => bothWays((way) => digits(fanOut[way].cpu, 3)),
      ),
    ),
    '== Who waits, a second: for this machine, which also listened ==\n',
    table(
      'Events',
      ways,
      withFloor(
        ({ fanOut }) => rates(fanOut.floor),
        ({ fanOut }) => rates(fanOut),
      ),
    ),
    ...all.flatMap(crowdTable),
    ...missing,
  ].join('\n')
}

function crowdTable({ setting, crowds }: SettingResults): string[] {
  if (crowds.length === 0) return []
  const heads = ['memory', 'each', 'heap, each', 'CPU at rest', 'longest stall', 'answer to event p50', 'p99']
  const lines = crowds.map(({ size, memory, heap, cpu, stall, delay }): Line => {
    const each = (megabytes: number) => `${digits((megabytes * 1024) / size, 1)} KB`
    const held = [`${digits(memory, 0)} MB`, each(memory), each(heap)]
    const busy = [`${digits(cpu * 100, 1)} %`, `${digits(stall, 0)} ms`]
    return [String(size), ...held, ...busy, `${digits(delay.p50, 1)} ms`, `${digits(delay.p99, 1)} ms`]
  })
  return [table(`Waiting subscriptions on ${setting.name}, each with a socket and a session of its own`, heads, lines)]
}

function spell({ p50, p99 }: Percentiles): string[] {
  return [digits(p50, 2), digits(p99, 2)]
}

function rates(told: { readonly wide: Told; readonly long: Told }): string[] {
  return bothWays((way) => digits(told[way].perSecond, 0))
}

function bothWays(spelled: (way: 'wide' | 'long') => string): string[] {
  return [spelled('wide'), spelled('long')]
}
