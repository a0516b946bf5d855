import { PlainClient, type PlainReply } from '../test/support/plain-client.ts'
import { startTestApp } from '../test/support/test-app.ts'
import type { StoreProvider } from '../test/support/test-database.ts'
import { graphqlSignIn, graphqlWhoAmI, type Journey, restSignIn, restWhoAmI } from './journeys.ts'
import { seed } from './subjects.ts'

/** How often requests went to the database, in the order of the requests: `2r 1w` is two reads and one write. */
export interface Counted {
  readonly name: string
  readonly requests: readonly string[]
}

const journeys: readonly (readonly [string, Journey])[] = [
  ['GraphQL sign-in', graphqlSignIn],
  ['GraphQL viewer', graphqlWhoAmI],
  ['REST sign-in', restSignIn],
  ['REST users/me', restWhoAmI],
]

/** Runs every journey once inside this process and watches the database's own counters. */
export async function countQueries(provider: StoreProvider): Promise<readonly Counted[]> {
  const app = await startTestApp({ provider })
  try {
    await seed(app.database, 'benchmark')
    const client = new CountingClient(app.url, app.database.sql.counts)
    // The first visitors make the server read its configuration and store what flows are.
    for (const [, journey] of journeys) await journey(client, 'bench-user-0')
    const counted: Counted[] = []
    for (const [name, journey] of journeys) {
      client.requests = []
      await journey(client, 'bench-user-0')
      counted.push({ name, requests: client.requests })
    }
    return counted
  } finally {
    await app.close()
  }
}

class CountingClient extends PlainClient {
  requests: string[] = []
  private readonly counts: { readonly reads: number; readonly writes: number }

  constructor(url: string, counts: CountingClient['counts']) {
    super(url)
    this.counts = counts
  }

  override get(path: string): Promise<PlainReply> {
    return this.counted(() => super.get(path))
  }

  override post(path: string, body: object): Promise<PlainReply> {
    return this.counted(() => super.post(path, body))
  }

  private async counted(send: () => Promise<PlainReply>): Promise<PlainReply> {
    const { reads, writes } = this.counts
    const reply = await send()
    this.requests.push(`${this.counts.reads - reads}r ${this.counts.writes - writes}w`)
    return reply
  }
}
