import { toDataURL } from 'qrcode'
import { z } from 'zod'
import { createTotpSecret, matchTotpStep, totpUrl } from '../../credentials/totp.ts'
import { advance, ask, defineStage, deny, invalid, personOf } from '../../flow/stage.ts'
import { secretText } from '../../shapes/text.ts'

interface State {
  readonly secret: string
}

/** Enrols an app that shows time-based one-time passwords (RFC 6238; reference: stages 4.19). */
export const authenticatorTotpStage = defineStage({
  kind: 'authenticator_totp',
  component: 'ak-stage-authenticator-totp',
  model: 'authentik_stages_authenticator_totp.authenticatortotpstage',
  description: 'Sets up an authenticator app.',
  showsPendingUser: true,
  configurable: true,

  config: z.object({
    friendlyName: z.string().max(200).default('').describe('What people see it called.'),
    digits: z.enum(['6', '8']).default('6').describe('How many digits a code has.'),
  }),

  challenge: z.object({
    configUrl: z.string().describe('The `otpauth://` address that the app takes. Whoever sees it can make the codes.'),
    qrCode: z.string().describe('The same as a picture: a `data:` URL of a PNG, for the app to scan.'),
  }),

  response: z.object({
    code: secretText({ max: 32, min: 1 }).meta({ autocomplete: 'one-time-code' }).describe('The code that the app shows now.'),
  }),

  async present(context) {
    const { config, plan, state, services } = context
    const user = personOf(context)
    if (!user) return plan.context.pending_user ? deny() : advance()
    // A refreshed page must show what may have been scanned already.
    const secret = (state as State | undefined)?.secret ?? createTotpSecret()
    const configUrl = totpUrl({ secret, digits: Number(config.digits) }, services.brandTitle(), user.username)
    return ask({ configUrl, qrCode: await toDataURL(configUrl, { margin: 2, errorCorrectionLevel: 'M' }) }, { secret })
  },

  answer(context, { code }) {
    const { config, stageId, state, services } = context
    const user = personOf(context)
    if (!user || !state) return deny()
    const key = { secret: (state as State).secret, digits: Number(config.digits) }
    const lastStep = matchTotpStep(key, code, services.now())
    if (lastStep === undefined) return invalid('code', 'Code does not match')
    const name = config.friendlyName || 'TOTP Authenticator'
    const authenticator = { userId: user.id, kind: 'totp', stageId, name, data: { ...key, lastStep } }
    return advance({ effects: [{ type: 'add_authenticator', authenticator }] })
  },
})
