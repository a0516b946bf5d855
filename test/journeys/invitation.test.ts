import { beforeAll, describe, expect, it } from 'vitest'
import { applyText } from '../support/default-flows.ts'
import { faces } from '../support/journey-clients.ts'
import type { JourneyClient } from '../support/journey-view.ts'
import { describeJourneys } from '../support/journeys.ts'
import { meetAtWrite } from '../support/meet-at-write.ts'

const refusal = 'Invalid invite/invite not found'

/** An enrolment flow with an invitation stage; `order` is its place among a form (10) and what writes the account (20). */
const flowOf = (slug: string, { order = 0, open = false } = {}) => `
version: 1
metadata: { name: ${slug} }
entries:
  - { model: authentik_flows.flow, id: flow, identifiers: { slug: ${slug} }, attrs: { name: Join, title: Join, designation: enrollment } }
  - { model: authentik_stages_invitation.invitationstage, id: invitation, identifiers: { name: ${slug}-invitation }, attrs: { continue_flow_without_invitation: ${open} } }
  - { model: authentik_stages_prompt.prompt, id: username, identifiers: { name: ${slug}-username }, attrs: { field_key: username, label: Username, type: username, order: 0 } }
  - { model: authentik_stages_prompt.prompt, id: name, identifiers: { name: ${slug}-name }, attrs: { field_key: name, label: Name, type: text, order: 1 } }
  - { model: authentik_stages_prompt.promptstage, id: form, identifiers: { name: ${slug}-form }, attrs: { fields: [!KeyOf username, !KeyOf name] } }
  - { model: authentik_stages_user_write.userwritestage, id: write, identifiers: { name: ${slug}-write }, attrs: { user_creation_mode: always_create } }
  - { model: authentik_stages_user_login.userloginstage, id: login, identifiers: { name: ${slug}-login } }
  - { model: authentik_flows.flowstagebinding, identifiers: { target: !KeyOf flow, stage: !KeyOf invitation, order: ${order} } }
  - { model: authentik_flows.flowstagebinding, identifiers: { target: !KeyOf flow, stage: !KeyOf form, order: 10 } }
  - { model: authentik_flows.flowstagebinding, identifiers: { target: !KeyOf flow, stage: !KeyOf write, order: 20 } }
  - { model: authentik_flows.flowstagebinding, identifiers: { target: !KeyOf flow, stage: !KeyOf login, order: 30 } }
`

describeJourneys('an invitation', (ground) => {
  beforeAll(async () => {
    await applyText(ground.app, flowOf('join'))
    await applyText(ground.app, flowOf('join-late', { order: 15 }))
    await applyText(ground.app, flowOf('join-freely', { open: true }))
  })

  let made = 0
  const newName = () => {
    made += 1
    return `guest${made}`
  }

  /** Writes an invitation as an operator does, and gives its id, which is all that lets people in. */
  const invite = async (attrs: string, name = newName()) => {
    const entry = `{ model: authentik_stages_invitation.invitation, identifiers: { name: ${name} }, attrs: { ${attrs} } }`
    await applyText(ground.app, `version: 1\nmetadata: { name: ${name} }\nentries:\n  - ${entry}\n`)
    return (await ground.prisma.invitation.findUniqueOrThrow({ where: { name } })).id
  }
  const forFlow = (slug: string) => `flow: !Find [authentik_flows.flow, [slug, ${slug}]]`
  const join = (client: JourneyClient, username: string, name = 'Typed') => client.answer('prompt', { username, name })
  const row = (username: string) => ground.prisma.user.findUnique({ where: { username } })

  describe.each(faces)('over %s', (_, Client) => {
    it('lets somebody in once, and fixes what it says about them', async () => {
      const [username, id] = [newName(), await invite('single_use: true, fixed_data: { name: Invited, attributes.team: crew }')]
      const client = new Client(ground.app.url)
      const shown = await client.start('join', `itoken=${id}`)
      expect(shown).toMatchObject({ kind: 'prompt' })
      // What is fixed fills the form in.
      expect((shown.fields.fields as { initialValue: string }[])[1]?.initialValue).toBe('Invited')
      expect(await join(client, username, 'Invited')).toMatchObject({ kind: 'redirect' })

      expect(await client.whoAmI()).toBe(username)
      expect(await row(username)).toMatchObject({ name: 'Invited', attributes: { team: 'crew' } })
      expect(await ground.prisma.invitation.count({ where: { id } })).toBe(0)
      expect(await new Client(ground.app.url).start('join', `itoken=${id}`)).toMatchObject({ denied: refusal })
      const used = await ground.prisma.event.findMany({ where: { action: 'invitation_used' } })
      expect(used.map(({ context }) => context)).toContainEqual(expect.objectContaining({ flow: 'join' }))
      expect(JSON.stringify(used)).not.toContain(id)
    })

    it('lets one of two in who come at the same time', async () => {
      const id = await invite('single_use: true')
      const browsers = [new Client(ground.app.url), new Client(ground.app.url)]
      meetAtWrite(ground.app.database, 2)
      const views = await Promise.all(browsers.map((browser) => browser.start('join', `itoken=${id}`)))

      expect(views.map(({ kind }) => kind).sort()).toEqual(['access_denied', 'prompt'])
    })

    it('is good again and again unless it is for one use', async () => {
      const id = await invite('fixed_data: { attributes.team: crew }')
      for (const username of [newName(), newName()]) {
        const client = new Client(ground.app.url)
        await client.start('join', `itoken=${id.replaceAll('-', '')}`)
        await join(client, username)
        expect(await row(username)).toMatchObject({ name: 'Typed', attributes: { team: 'crew' } })
      }
    })

    it('wins over what was typed before it', async () => {
      const [username, id] = [newName(), await invite('fixed_data: { name: Invited, email: invited@example.test }')]
      const client = new Client(ground.app.url)
      await client.start('join-late', `token=${id}`)
      await join(client, username)

      expect(await row(username)).toMatchObject({ name: 'Invited', email: 'invited@example.test' })
    })

    it('is over when it says so', async () => {
      const until = new Date(ground.app.clock.now().getTime() + 60_000).toISOString()
      const id = await invite(`expires: "${until}"`)
      expect(await new Client(ground.app.url).start('join', `itoken=${id}`)).toMatchObject({ kind: 'prompt' })
      ground.app.clock.advance(60)
      expect(await new Client(ground.app.url).start('join', `itoken=${id}`)).toMatchObject({ denied: refusal })
    })

    it('is for its own flow only, where it names one', async () => {
      const [here, elsewhere] = [await invite(forFlow('join')), await invite(forFlow('join-late'))]
      expect(await new Client(ground.app.url).start('join', `itoken=${here}`)).toMatchObject({ kind: 'prompt' })
      expect(await new Client(ground.app.url).start('join', `itoken=${elsewhere}`)).toMatchObject({ denied: refusal })
      expect(await ground.prisma.invitation.count({ where: { id: { in: [here, elsewhere] } } })).toBe(2)
    })

    it.each(['', 'itoken=', 'itoken=nonsense', 'itoken=6f2d1f0e-0c0b-4e5a-9a43-000000000001'])(
      'is asked for: "%s" is none',
      async (query) => {
        const client = new Client(ground.app.url)
        expect(await client.start('join', query)).toMatchObject({ denied: refusal })
        expect(await client.whoAmI()).toBeUndefined()
      },
    )

    it('may be left out where the stage says so, and then fixes nothing', async () => {
      const [username, id] = [newName(), await invite('fixed_data: { name: Invited }, expires: "2020-01-01T00:00:00Z"')]
      const client = new Client(ground.app.url)
      expect(await client.start('join-freely', `itoken=${id}`)).toMatchObject({ kind: 'prompt' })
      expect(await join(client, username)).toMatchObject({ kind: 'redirect' })
      expect(await row(username)).toMatchObject({ name: 'Typed' })
    })
  })
})
