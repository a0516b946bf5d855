import { readFileSync } from 'node:fs'
import { Client } from 'pg'

/** `getconf CLK_TCK` on every Linux that Node runs on. */
const millisecondsPerTick = 10

/** Reads the CPU time that something has used so far (milliseconds). */
export type CpuMeter = () => Promise<number>

/** Of one process, all its threads. */
export function processMeter(pid: number): CpuMeter {
  return async () => cpuOf(pid)
}

/** Of a PostgreSQL database's connections, where its server runs on this machine. */
export async function databaseMeter(url: string): Promise<{ read: CpuMeter; close(): Promise<void> }> {
  const { pathname } = new URL(url)
  const admin = new URL(url)
  admin.pathname = 'postgres'
  const client = new Client({ connectionString: admin.href })
  await client.connect()
  const text = 'SELECT pid FROM pg_stat_activity WHERE datname = $1'
  return {
    read: async () => {
      const { rows } = await client.query<{ pid: number }>(text, [pathname.slice(1)])
      return rows.reduce((sum, { pid }) => sum + cpuOf(pid), 0)
    },
    close: () => client.end(),
  }
}

/** utime + stime; not a number where the process is not here, or this is no Linux. */
function cpuOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may hold blanks.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) * millisecondsPerTick
  } catch {
    return Number.NaN
  }
}
