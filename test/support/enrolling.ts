import type { JourneyClient } from './journey-view.ts'
import type { Ground } from './journeys.ts'
import type { MailServer } from './mail-server.ts'
import { linkIn } from './mailed-links.ts'
import type { Account } from './test-app.ts'

/** Makes an account by our own enrolment flow, and opens the mailed link in the same browser, which is signed in then. */
export async function enrol(ground: Ground, mails: MailServer, client: JourneyClient, username: string): Promise<Account> {
  const [password, email] = ['a long and winding password', `${username}@example.test`]
  await client.start('default-enrollment-flow')
  await client.answer('prompt', { username, password, password_repeat: password })
  await client.answer('prompt', { name: 'Ada', email })
  const { slug, query } = linkIn(await mails.next())
  const asked = await client.start(slug, query)
  await client.answer('consent', { token: asked.fields.token })
  const { id } = await ground.prisma.user.findUniqueOrThrow({ where: { username } })
  return { id, username, email, password }
}
