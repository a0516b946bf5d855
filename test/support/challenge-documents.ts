import { expect } from 'vitest'
import { authentikDocument, checkerOf, type OpenApiDocument, schemaFor } from './json-schemas.ts'

/** Holds challenges against the documents that describe them: authentik's, and the server's own. */
export interface ChallengeDocuments {
  /** Fails where one of the documents says something else, or authentik's does not know a field. */
  expectDescribed(challenge: Readonly<Record<string, unknown>>): void
}

/** What we show beside what authentik does: clients written for it look past these. */
const additions: Readonly<Record<string, readonly string[]>> = {
  'ak-stage-authenticator-duo': ['activation_url', 'problem'],
  'ak-stage-authenticator-sms': ['phone_number'],
  'ak-stage-authenticator-totp': ['qr_code'],
  'ak-stage-captcha': ['altcha'],
}

/** Reads both documents. */
export async function challengeDocuments(url: string): Promise<ChallengeDocuments> {
  const theirs = authentikDocument()
  const own = (await (await fetch(`${url}/api/v3/schema/`)).json()) as OpenApiDocument
  const [check, checkOwn] = [checkerOf(theirs), checkerOf(own)]
  return {
    expectDescribed(challenge) {
      const component = String(challenge.component)
      const name = schemaFor(theirs, 'ChallengeTypes', component)
      expect(check(name, challenge)).toEqual([])
      // `type` is what clients written before 2024 go by.
      const declared = Object.keys(theirs.components.schemas[name]?.properties ?? {})
      expect([...declared, ...(additions[component] ?? []), 'type']).toEqual(expect.arrayContaining(Object.keys(challenge)))
      expect(checkOwn(schemaFor(own, 'Challenge', component), challenge)).toEqual([])
      expect(checkOwn('Challenge', challenge)).toEqual([])
    },
  }
}
