import { describe, expect, it } from 'vitest'
import { applyText } from '../support/default-flows.ts'
import { faces } from '../support/journey-clients.ts'
import type { View } from '../support/journey-view.ts'
import { describeJourneys } from '../support/journeys.ts'

/** A flow with a form of one field, then an end. */
const flowOf = (slug: string, prompt: string) => `
version: 1
metadata: { name: ${slug} }
entries:
  - { model: authentik_flows.flow, id: flow, identifiers: { slug: ${slug} }, attrs: { name: Ask, title: Ask, designation: authentication } }
  - { model: authentik_stages_prompt.prompt, id: prompt, identifiers: { name: ${slug} }, attrs: { ${prompt} } }
  - { model: authentik_stages_prompt.promptstage, id: form, identifiers: { name: ${slug} }, attrs: { fields: [!KeyOf prompt] } }
  - { model: authentik_flows.flowstagebinding, identifiers: { target: !KeyOf flow, stage: !KeyOf form, order: 0 } }
`
const before = 'field_key: town, label: Town, type: text, required: false'
const after = 'field_key: city, label: City, type: number, required: true'

describeJourneys('a form that is edited while somebody fills it in', (ground) => {
  let made = 0
  const begin = async () => {
    made += 1
    const slug = `form${made}`
    await applyText(ground.app, flowOf(slug, before))
    return slug
  }
  const fields = (view: View) =>
    (view.fields.fields as { fieldKey: string; label: string }[]).map(({ fieldKey, label }) => [fieldKey, label])

  describe.each(faces)('over %s', (_, Client) => {
    const visit = () => new Client(ground.app.url)

    it('stays as it was shown, is judged as it was shown, and is new for the next visitor', async () => {
      const slug = await begin()
      const client = visit()
      const shown = await client.start(slug)
      expect(fields(shown)).toEqual([['town', 'Town']])
      expect(await applyText(ground.app, flowOf(slug, after))).toEqual(['unchanged', 'updated', 'unchanged', 'unchanged'])

      expect((await client.read()).fields).toEqual(shown.fields)
      const other = visit()
      expect(fields(await other.start(slug))).toEqual([['city', 'City']])
      expect(await other.answer('prompt', { town: 'Ghent' })).toMatchObject({ kind: 'prompt', errors: [{ field: 'city' }] })
      expect(await client.answer('prompt', { town: 'Ghent' })).toMatchObject({ kind: 'redirect' })
      expect(await other.answer('prompt', { city: '9000' })).toMatchObject({ kind: 'redirect' })
    })

    it('goes on when a field is deleted, but begins for nobody any more', async () => {
      const slug = await begin()
      const client = visit()
      const shown = await client.start(slug)
      await ground.prisma.stageObject.deleteMany({ where: { name: slug } })

      expect((await client.read()).fields).toEqual(shown.fields)
      expect(await client.answer('prompt', { town: 'Ghent' })).toMatchObject({ kind: 'redirect' })
      expect(await visit().start(slug)).toMatchObject({ kind: 'access_denied' })
    })
  })
})
