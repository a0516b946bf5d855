import type { DuoAnswer } from '../flow/duo.ts'
import { type Contents, failure } from './envelope.ts'
import type { Question } from './exchange.ts'
import { usersMetadata, usersReply } from './replies.ts'

/** How many users Duo tells at once. */
const pageSize = 300
/** Pages that are asked for: an account of more users is not read. */
const mostPages = 500
/** Bytes of a page: users bear their phones, tokens and groups. */
const longestPage = 8 * 1024 * 1024

const path = '/admin/v1/users'

/** One of the account's users. */
export interface DuoUser {
  readonly userId: string
  readonly username: string
}

/** Reads all users of an account, page after page: all of them, or a failure. */
export async function listUsers(
  ask: (question: Question) => Promise<DuoAnswer<Contents>>,
): Promise<DuoAnswer<readonly DuoUser[]>> {
  const users: DuoUser[] = []
  let offset = 0
  for (let page = 0; page < mostPages; page += 1) {
    const parameters = { limit: String(pageSize), offset: String(offset) }
    const contents = await ask({ method: 'GET', path, parameters, repeatable: true, longestReply: longestPage })
    if (!contents.ok) return contents
    const read = readPage(contents.value)
    if (!read || (read.next !== undefined && read.next <= offset))
      return failure('malformed', `Duo's reply to ${path} is no page of users.`)
    users.push(...read.users)
    if (read.next === undefined) return { ok: true, value: users }
    offset = read.next
  }
  return failure('refused', `The account has more than ${mostPages * pageSize} users.`)
}

function readPage({ response, metadata }: Contents): { users: readonly DuoUser[]; next: number | undefined } | undefined {
  const users = usersReply.safeParse(response)
  const place = usersMetadata.safeParse(metadata ?? {})
  return users.success && place.success ? { users: users.data, next: place.data.next_offset ?? undefined } : undefined
}
