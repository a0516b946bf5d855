import type { Database } from '../db/database.ts'
import { normalizeIdentifier } from '../flow/user.ts'
import { CommandError } from './command-error.ts'

/** A new account, as the command line describes it. */
export interface NewUser {
  readonly username: string
  readonly email: string
  readonly name: string
  readonly passwordHash: string | undefined
}

const usernameForm = /^[\w.@+-]{1,150}$/

/** Creates an account; refuses names that the sign-in could not tell apart. */
export async function createUser({ prisma }: Database, { username, email, name, passwordHash }: NewUser): Promise<void> {
  if (!usernameForm.test(username)) throw new CommandError('A user name has 1 to 150 letters, digits and @ . + - _.')
  const usernameNormalized = normalizeIdentifier(username)
  if (await prisma.user.findFirst({ where: { usernameNormalized } }))
    throw new CommandError(`There is a user "${username}" already.`)
  const emailNormalized = normalizeIdentifier(email)
  await prisma.user.create({
    data: { username, usernameNormalized, email, emailNormalized, name, attributes: {}, passwordHash: passwordHash ?? null },
  })
}

/** Sets a password and ends all sessions that the old one has opened. */
export async function setPassword({ prisma }: Database, username: string, passwordHash: string): Promise<void> {
  const user = await prisma.user.findUnique({ where: { username } })
  if (!user) throw new CommandError(`There is no user "${username}".`)
  await prisma.$transaction([
    prisma.user.update({ where: { id: user.id }, data: { passwordHash, passwordChangedAt: new Date() } }),
    prisma.session.deleteMany({ where: { userId: user.id } }),
    // A link that was mailed before must not undo it.
    prisma.flowToken.updateMany({ where: { userId: user.id, usedAt: null }, data: { usedAt: new Date() } }),
  ])
}
