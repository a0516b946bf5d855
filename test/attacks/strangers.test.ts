import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applyFlow, applyFlows } from '../support/default-flows.ts'
import { faces } from '../support/journey-clients.ts'
import type { JourneyClient, View } from '../support/journey-view.ts'
import { describeJourneys, type Ground } from '../support/journeys.ts'
import { startMailServer } from '../support/mail-server.ts'

const mails = await startMailServer()
afterAll(() => mails.close())

const guess = { password: 'a guess' }

/** What somebody does who wants to know whether a name, or an address, is known here. */
const probes: readonly (readonly [string, (client: JourneyClient, name: string) => Promise<View[]>])[] = [
  [
    'signing in',
    async (client, name) => [
      await client.start('default-authentication-flow'),
      await client.answer('identification', { uidField: name }),
      await client.answer('password', guess),
      await client.read(),
      await client.answer('password', { password: 'another guess' }),
    ],
  ],
  [
    'recovering an account',
    async (client, name) => [
      await client.start('default-recovery-flow'),
      await client.answer('identification', { uidField: name }),
      await client.read(),
      await client.answer('email'),
      await client.read(),
    ],
  ],
  [
    'recovering an account by a name that is written otherwise',
    async (client, name) => [
      await client.start('default-recovery-flow'),
      await client.answer('identification', { uidField: ` ${name.toUpperCase()} ` }),
      await client.read(),
    ],
  ],
]

describeJourneys(
  'somebody who is not known here',
  (ground) => {
    beforeAll(async () => {
      await applyFlows(ground.app)
      await applyFlow(ground.app, 'flow-default-enrollment-flow')
    })

    describe.each(faces)('over %s', (_, Client) => {
      it.each(probes)('is told the same as everybody, with the same work, when %s', async (_what, probe) => {
        const [known, closed] = [await ground.person(), await ground.person({ isActive: false })]
        const replies: unknown[] = []
        const names = [known.email, known.username, closed.email, `nobody.${known.email}`, `nobody ${known.username}`]
        // What is read once and kept is read before anybody looks.
        await probe(new Client(ground.app.url), `warm.${known.email}`)
        for (const name of names) {
          ground.app.clock.advance(10)
          const client = new Client(ground.app.url)
          const work = new Work(ground)
          const views = await probe(client, name)
          replies.push({ views: told(views, name), work: work.done() })
        }

        for (const reply of replies) expect(reply).toEqual(replies[0])
      })

      it('gets no mail, and who is known gets theirs alone', async () => {
        const ada = await ground.person()
        const count = mails.mails.length
        for (const name of [
          `nobody.${ada.email}`,
          `nobody ${ada.username}`,
          `${ada.email}\r\nbcc: evil@example.test`,
          ada.email,
        ]) {
          const client = new Client(ground.app.url)
          await client.start('default-recovery-flow')
          await client.answer('identification', { uidField: name })
        }
        // Mails go out in the order in which they were asked for.
        while (mails.mails.length === count || mails.mails.at(-1)?.to[0] !== ada.email) await mails.next()

        expect(mails.mails.slice(count).filter(({ to }) => !/^person\d+@example\.test$/.test(to.join()))).toEqual([])
        expect(await ground.prisma.flowToken.count({ where: { userId: ada.id } })).toBe(1)
      })

      it('is told the same when enrolling with an address that somebody has', async () => {
        const ada = await ground.person()
        const replies: unknown[] = []
        for (const email of [ada.email, `free.${ada.email}`]) {
          const client = new Client(ground.app.url)
          const username = `newcomer ${ground.app.url} ${Client.name} ${email.slice(0, 4)}`
          const password = 'a long and winding password'
          await client.start('default-enrollment-flow')
          const views = [await client.answer('prompt', { username, password, password_repeat: password })]
          // Who enrols is told how far the mail has come, which is written when that is known.
          const arrival = Promise.withResolvers<void>()
          mails.hold = arrival.promise
          const work = new Work(ground)
          views.push(await client.answer('prompt', { name: 'Ada', email }), await client.read())
          replies.push({ views: told(views, username), work: work.done() })
          mails.hold = undefined
          arrival.resolve()
        }

        expect(replies[1]).toEqual(replies[0])
      })
    })
  },
  mails.env,
)

/** What the views say, but for the name that was typed and what is random. */
function told(views: readonly View[], name: string): unknown {
  return JSON.parse(JSON.stringify(views).replaceAll(JSON.stringify(name).slice(1, -1), 'the name'))
}

/** What a server reads and writes from now on, but for what is done in its own time: sending mails, and asking what has become of them. */
class Work {
  private readonly texts: string[] = []
  private readonly undo: () => void

  constructor({ app }: Ground) {
    const { sql } = app.database
    const { rows, write } = sql
    const mailing = /"QueuedMessage"/
    const waiting = /s ON s."id" = \$1|FROM "FlowToken"/
    sql.rows = (statement) => {
      if (!mailing.test(statement.text) && !waiting.test(statement.text)) this.texts.push(statement.text)
      return rows.call(sql, statement)
    }
    sql.write = (statements, ...guards) => {
      if (!statements.every(({ text }) => mailing.test(text) || /INSERT INTO "Event"/.test(text))) this.texts.push('write')
      return write.call(sql, statements, ...guards)
    }
    this.undo = () => Object.assign(sql, { rows, write })
  }

  done(): readonly string[] {
    this.undo()
    return this.texts
  }
}
