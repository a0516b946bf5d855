import { z } from 'zod'
import { secretText, text } from '../shapes/text.ts'

/** A host name as Duo hands it out, with a port where it is another one than 443. No address of a page. */
const hostname = /^[a-z\d](?:[a-z\d-]*[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]*[a-z\d])?)*(?::\d{1,5})?$/i

/** Config fields that say which of an administrator's applications at Duo is used (reference: stages 4.15). */
export const duoSettings = {
  clientId: text({ max: 200, min: 1 }).describe('The integration key of an application of the type "Auth API" at Duo.'),
  clientSecret: secretText({ max: 200, min: 1 }).describe('The secret key of that application.'),
  apiHostname: text({ max: 253, min: 1 })
    .refine(isApiHost, { message: 'Enter a host name, such as api-0123abcd.duosecurity.com, without anything before it.' })
    .describe('The API hostname of that application; with a port where it is another one than 443.'),
  adminIntegrationKey: text({ max: 200 })
    .default('')
    .describe('The integration key of an application of the type "Admin API", for importing devices; empty: none.'),
  adminSecretKey: secretText({ max: 200 }).default('').describe('The secret key of that application.'),
  failMode: z
    .enum(['secure', 'safe'])
    .meta({
      id: 'DuoFailMode',
      description: 'What becomes of people whom Duo should vouch for while it cannot be reached.',
      values: {
        secure: 'Nobody passes by Duo.',
        safe: 'Who has proved themselves otherwise passes without Duo.',
      },
    })
    .default('secure')
    .describe('What becomes of people at validation while Duo cannot be reached. Nobody can set up a device meanwhile.'),
} as const

const schema = z.object(duoSettings)

/** One application at Duo, as requests to it are signed. */
interface Application {
  readonly integrationKey: string
  readonly secretKey: string
  /** With a port where it is another one than 443. */
  readonly host: string
}

/** How a stage that sets up Duo reaches it. */
export interface ReadDuoSettings {
  /** For the Auth API: people set up devices, and prove themselves with them. */
  readonly duo: Application
  /** For the Admin API; undefined: it is not configured. */
  readonly admin: Application | undefined
  readonly failMode: z.output<typeof duoSettings.failMode>
}

/** The settings in a stored config, its secrets included; undefined when it is none of a stage that sets up Duo. */
export function readDuoSettings(config: unknown): ReadDuoSettings | undefined {
  const { data } = schema.safeParse(config)
  if (!data) return undefined
  const { clientId, clientSecret, apiHostname: host, adminIntegrationKey, adminSecretKey, failMode } = data
  return {
    duo: { integrationKey: clientId, secretKey: clientSecret, host },
    admin:
      adminIntegrationKey && adminSecretKey
        ? { integrationKey: adminIntegrationKey, secretKey: adminSecretKey, host }
        : undefined,
    failMode,
  }
}

/** What an authenticator of the kind `duo` is found by: nobody at Duo is enrolled twice with one stage. */
export function duoLookup(stageId: string, duoUserId: string): string {
  return `${stageId} ${duoUserId}`
}

function isApiHost(host: string): boolean {
  if (!hostname.test(host)) return false
  const port = host.split(':')[1]
  return port === undefined || (Number(port) >= 1 && Number(port) <= 65_535)
}
