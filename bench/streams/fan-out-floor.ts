import { type Floor, FloorSocket } from './floor.ts'
import { type Percentiles, percentilesOf } from './percentiles.ts'
import { together } from './together.ts'

/** How many listen in each of the two ways that are measured, and over how many sockets. */
export interface Audience {
  /** Of one execution. */
  readonly wide: { readonly sockets: number; readonly each: number }
  /** Of many, one each: how many change at the same moment. */
  readonly long: { readonly atOnce: number }
}

/** Events as they arrived. */
export interface Told {
  readonly perSecond: number
  /** Milliseconds of CPU for each. */
  readonly cpu: number
  /** From what caused them to the last of them (milliseconds). */
  readonly delay: Percentiles
}

/** The same messages from a bare server, which was asked for them over a socket. */
export async function measureFloor(
  { url, cpu }: Floor,
  payload: object,
  { wide, long }: Audience,
  seconds: number,
): Promise<{ readonly wide: Told; readonly long: Told }> {
  const drive = async (turns: readonly (() => Promise<number>)[], messages: number): Promise<Told> => {
    const [cpuBefore, started] = [await cpu(), performance.now()]
    const deadline = started + seconds * 1000
    const delays: number[] = []
    await together(turns, turns.length, async (turn) => {
      while (performance.now() < deadline) delays.push(await turn())
    })
    const count = delays.length * messages
    const elapsed = performance.now() - started
    return { perSecond: (count * 1000) / elapsed, cpu: ((await cpu()) - cpuBefore) / count, delay: percentilesOf(delays) }
  }

  const asking = await open(url, long.atOnce)
  const echoes = asking.map((socket) => () => timed([socket], 1, () => socket.send({ type: 'echo', payload })))
  await drive(echoes, 1)
  const echoed = await drive(echoes, 1)

  const teller = await FloorSocket.open(url)
  const listening = await open(url, wide.sockets)
  await timed(listening, 1, () => {
    for (const socket of listening) socket.send({ type: 'join', times: wide.each })
  })
  const tell = [() => timed(listening, wide.each, () => teller.send({ type: 'tell', payload }))]
  await drive(tell, wide.sockets * wide.each)
  const told = await drive(tell, wide.sockets * wide.each)

  for (const socket of [teller, ...asking, ...listening]) socket.close()
  return { wide: told, long: echoed }
}

function open(url: string, count: number): Promise<FloorSocket[]> {
  return Promise.all(Array.from({ length: count }, () => FloorSocket.open(url)))
}

/** Milliseconds from when it is asked for until each of the sockets has heard so many messages. */
async function timed(sockets: readonly FloorSocket[], messages: number, ask: () => void): Promise<number> {
  const heard = Promise.all(sockets.map((socket) => socket.hear(messages)))
  const started = performance.now()
  ask()
  return Math.max(...(await heard)) - started
}
