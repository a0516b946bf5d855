import { expect } from 'vitest'
import { createSecretBox } from '../../src/credentials/secret-box.ts'
import { sealAuthenticator } from '../../src/db/authenticators.ts'
import type { DuoServer } from './duo-server.ts'
import type { Ground } from './journeys.ts'
import type { SeedStage } from './seed.ts'
import { type Account, createAccount } from './test-app.ts'
import { WaitingBrowser, type WaitingStep } from './waiting-journey.ts'

type Person = Parameters<DuoServer['add']>[1]

/** Somebody who has set up Duo, and a flow that asks for it. */
export interface DuoSignIn {
  readonly ada: Account
  readonly slug: string
  /** What Duo is asked with: the `deviceUid`. */
  readonly duo: string
}

/** What is remarkable about somebody, their stages, or the flow. */
export interface DuoSetting {
  readonly person?: Person
  readonly failMode?: 'secure' | 'safe'
  readonly validate?: object
  /** What comes before Duo, after the name. */
  readonly before?: readonly SeedStage[]
  /** What comes after it. */
  readonly behind?: readonly SeedStage[]
}

/** What comes once somebody is known by their name and password, and Duo has vouched for them. */
const tour: readonly SeedStage[] = [{ kind: 'dummy' }, { kind: 'user_login' }]

/** A person whom no other store has told Duo of, with a device there. */
export async function withDuo(ground: Ground, server: DuoServer, setting: DuoSetting = {}): Promise<DuoSignIn> {
  const { person, failMode = 'secure', validate = {}, before = [{ kind: 'password' }], behind = tour } = setting
  const ada = await createAccount(ground.app.database, `ada${crypto.randomUUID().slice(0, 8)}`)
  const { userId } = server.add(ada.username, person)
  const config = { ...server.stageConfig, failMode }
  const stage = await ground.prisma.stage.create({ data: { name: `Duo of ${ada.username}`, kind: 'authenticator_duo', config } })
  const duo = await equip(ground, ada, 'duo', { duoUserId: userId }, stage.id)
  const { slug } = await ground.flow({
    stages: [{ kind: 'identification' }, ...before, { kind: 'authenticator_validate', config: validate }, ...behind],
    flow: { title: 'Welcome to Acme' },
  })
  return { ada, slug, duo }
}

/** Gives somebody something to prove themselves with. */
export async function equip(
  ground: Ground,
  { id: userId }: Account,
  kind: string,
  data: object,
  stageId?: string,
): Promise<string> {
  const id = crypto.randomUUID()
  const sealed = sealAuthenticator(id, data as never, createSecretBox(ground.app.config.secretKeys))
  await ground.prisma.authenticator.create({ data: { id, userId, kind, name: kind, sealed, ...(stageId && { stageId }) } })
  return id
}

/** Somebody who is asked for their second factor, in a client of GraphQL that knows of waiting. */
export async function atDuo({ slug, ada }: DuoSignIn, url: string): Promise<{ browser: WaitingBrowser; asked: WaitingStep }> {
  const browser = new WaitingBrowser(url)
  const named = await browser.reply(await browser.begin(slug), { identification: { uidField: ada.username } })
  const isAsked = named.challenge.__typename === 'AuthenticatorValidateChallenge'
  return { browser, asked: isAsked ? named : await browser.reply(named, { password: { password: ada.password } }) }
}

/** The same, once Duo was told to ask them. */
export async function pushed(
  signIn: DuoSignIn,
  url: string,
  wish: object = {},
): Promise<{ browser: WaitingBrowser; step: WaitingStep }> {
  const { browser, asked } = await atDuo(signIn, url)
  const step = await browser.reply(asked, { authenticatorValidate: { duo: signIn.duo, ...wish } })
  return { browser, step }
}

/** For who polls: what a loaded machine does not do in a second, it does in ten. */
export const patiently = { timeout: 10_000 }

/** The step that stands once Duo has asked them, and this is known: a claim and its result were written. */
export async function onceAsked(browser: WaitingBrowser, step: WaitingStep): Promise<WaitingStep> {
  await expect.poll(async () => (await browser.read(step)).sequence, patiently).toBe(step.sequence + 2)
  return browser.read(step)
}

/** The step that stands once the flow has gone on to this kind of challenge. */
export async function onceAt(browser: WaitingBrowser, step: WaitingStep, kind = 'DummyChallenge'): Promise<WaitingStep> {
  await expect.poll(async () => (await browser.read(step)).challenge.__typename, patiently).toBe(kind)
  return browser.read(step)
}

/** The step that stands once it is told why nothing came of a request. */
export async function onceRefused(browser: WaitingBrowser, step: WaitingStep): Promise<WaitingStep> {
  await expect.poll(async () => (await browser.read(step)).challenge.responseErrors.length, patiently).toBe(1)
  return browser.read(step)
}
