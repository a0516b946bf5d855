import { z } from 'zod'
import type { AltchaTask } from '../../credentials/captcha-altcha.ts'
import { userFields } from '../../flow/services.ts'
import type { StageContext } from '../../flow/stage.ts'

export const userField = z.enum(userFields).meta({ id: 'UserField', description: 'What people may identify themselves by.' })

const stageId = (what: string) => z.uuid().nullable().default(null).describe(what)
const flowId = (what: string) => stageId(`The flow ${what}.`)

/** What administrators say about the stage. */
export const config = z
  .object({
    userFields: z
      .array(userField)
      .default([])
      .describe('What people may identify themselves by; none: by a source or a passkey.'),
    passwordStage: stageId('A password stage whose field is shown on the same screen.'),
    captchaStage: stageId('A captcha stage that is shown on the same screen.'),
    webauthnStage: stageId(
      'An authenticator validation stage: browsers offer passkeys in the field, judged as it is configured.',
    ),
    caseInsensitiveMatching: z.boolean().default(true).describe('Whether "Ada" finds "ada".'),
    showMatchedUser: z
      .boolean()
      .default(true)
      .describe(
        'Whether later screens show the user name of whoever was found, rather than what was typed. That tells who exists.',
      ),
    pretendUserExists: z.boolean().default(true).describe('Whether an unknown name goes on as if it were known.'),
    enableRememberMe: z.boolean().default(false).describe('Whether a frontend may offer to remember the name in the browser.'),
    enrollmentFlow: flowId('that people without an account are sent to'),
    recoveryFlow: flowId('that people who forgot their password are sent to'),
    passwordlessFlow: flowId('that signs in without a password'),
    sources: z.array(z.uuid()).max(100).default([]).describe('Other places that people can sign in with.'),
    showSourceLabels: z.boolean().default(false).describe('Whether sources are shown with their names.'),
  })
  .refine(({ userFields: fields, sources }) => fields.length > 0 || sources.length > 0, {
    path: ['userFields'],
    message: 'When no user fields are selected, at least one source must be selected',
  })

export type Config = z.output<typeof config>
export type Context = StageContext<Config, unknown>

/** What the stage keeps between its turns. */
export type State = {
  /** What a passkey must sign. */
  readonly passkeyChallenge?: string
  /** The proof of work that is asked for. */
  readonly task?: AltchaTask
}

/** What was kept, if anything was. */
export function stateOf({ state }: Pick<Context, 'state'>): State {
  return (state ?? {}) as State
}
