import { randomUUID } from 'node:crypto'
import { duoOutcomes } from '../../test/support/duo-account.ts'
import type { DuoServer } from '../../test/support/duo-server.ts'
import type { DuoTransaction } from '../../test/support/duo-transaction.ts'
import { answer, readStep, startFlow } from '../journeys.ts'
import { type Approver, approvalSlug } from './approvers.ts'
import { type Floor, FloorSocket } from './floor.ts'
import type { Nodes } from './nodes.ts'
import { type Percentiles, percentilesOf } from './percentiles.ts'
import { BenchVisitor, sharedConnections } from './visitor.ts'

/** From a person's approval to the moment at which who waits for it knows (milliseconds). */
export interface Approvals {
  readonly product: Percentiles
  /** Of a bare server, measured in turn with the product. */
  readonly floor: Percentiles
}

/** How long nodes may take to ask Duo (milliseconds). */
const longestAsking = 30_000

/** Signs people in who approve on their telephone, one after the other, and looks how soon their browser has the next step. */
export async function measureApprovals(
  nodes: Nodes,
  floor: Floor,
  duo: DuoServer,
  approvers: readonly Approver[],
): Promise<Approvals> {
  const agent = sharedConnections()
  const socket = await FloorSocket.open(floor.url)
  try {
    const taken = { product: [] as number[], floor: [] as number[] }
    for (const [index, approver] of approvers.entries()) {
      taken.product.push(await approve(nodes, duo, approver, new BenchVisitor(nodes.here.url, agent, index)))
      taken.floor.push(await follow(duo, approver, socket))
    }
    // The first ones warm the servers up.
    const measured = (all: readonly number[]) => percentilesOf(all.slice(all.length / 4))
    return { product: measured(taken.product), floor: measured(taken.floor) }
  } finally {
    socket.close()
    agent.destroy()
  }
}

/** Asked for at one node, waited for by all of them, and heard at the other one if there are two. */
async function approve(
  { there, all }: Nodes,
  duo: DuoServer,
  { username, authenticator }: Approver,
  visitor: BenchVisitor,
): Promise<number> {
  const { client } = visitor
  const known = await answer(client, await startFlow(client, approvalSlug), { identification: { uidField: username } })
  const asked = await answer(client, known, { authenticatorValidate: { duo: authenticator } })
  const socket = await visitor.socket(there.url)
  const watch = await socket.watch(asked.id)
  const transaction = await duo.account.asked(username)
  await askedBy(transaction, all.length)
  // That Duo was asked is a step of its own.
  const { sequence } = await readStep(client, asked.id)

  const started = performance.now()
  transaction.update(duoOutcomes.allow)
  const at = await watch.after(sequence)
  await socket.close()
  return at - started
}

/** Until so many nodes have a question open that Duo answers when the person decides. */
async function askedBy(transaction: DuoTransaction, nodes: number): Promise<void> {
  const deadline = performance.now() + longestAsking
  while (transaction.held < nodes) {
    if (performance.now() > deadline) throw new Error(`${transaction.held} of ${nodes} nodes ask Duo.`)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

async function follow(duo: DuoServer, { username }: Approver, socket: FloorSocket): Promise<number> {
  const about = {
    txid: randomUUID(),
    factor: 'push',
    device: undefined,
    title: undefined,
    displayUsername: undefined,
    pushInfo: {},
    clientIp: undefined,
    verificationCode: undefined,
  }
  const transaction = duo.account.begin(duo.user(username), about, { result: 'waiting', status: 'pushed', status_msg: 'Pushed' })
  socket.send({ type: 'follow', txid: about.txid })
  await transaction.polled()
  const heard = socket.hear(1)
  const started = performance.now()
  transaction.update(duoOutcomes.allow)
  return (await heard) - started
}
