import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Config } from '../config.ts'
import type { Database } from '../db/database.ts'
import { CommandError } from './command-error.ts'

/** An invitation, as the command line describes it. */
export interface NewInvitation {
  /** A slug. */
  readonly flow: string
  readonly name: string | undefined
  readonly singleUse: boolean
  /** ISO 8601. */
  readonly expires: string | undefined
  /** A JSON object. */
  readonly data: string
}

const fixedData = z.record(z.string(), z.json())
const instant = z.iso.datetime({ offset: true })

/** Makes an invitation to a flow, and returns the link for who is invited. */
export async function createInvitation(
  { prisma }: Database,
  { flowPageUrl }: Pick<Config, 'flowPageUrl'>,
  { flow: slug, name, singleUse, expires, data }: NewInvitation,
): Promise<string> {
  const flow = await prisma.flow.findUnique({ where: { slug } })
  if (!flow) throw new CommandError(`There is no flow "${slug}".`)
  if (expires !== undefined && !instant.safeParse(expires).success)
    throw new CommandError('An invitation expires at an instant such as 2026-12-31T12:00:00Z.')
  const id = randomUUID()
  if (name !== undefined && (await prisma.invitation.count({ where: { name } })) > 0)
    throw new CommandError(`There is an invitation "${name}" already.`)
  await prisma.invitation.create({
    data: {
      id,
      name: name ?? `invitation-${id}`,
      expiresAt: expires === undefined ? null : new Date(expires),
      fixedData: readData(data),
      singleUse,
      flowId: flow.id,
    },
  })
  return `${flowPageUrl.replace('{slug}', slug)}?itoken=${id}`
}

function readData(text: string) {
  try {
    return fixedData.parse(JSON.parse(text)) as object
  } catch {
    throw new CommandError('The data of an invitation is a JSON object, such as {"email": "ada@example.org"}.')
  }
}
