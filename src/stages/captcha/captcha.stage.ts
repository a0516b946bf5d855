import { z } from 'zod'
import { type Captcha, checkCaptcha, showCaptcha } from '../../credentials/captcha.ts'
import type { AltchaTask } from '../../credentials/captcha-altcha.ts'
import { captchaFields } from '../../credentials/captcha-fields.ts'
import { isHttpUrl } from '../../credentials/captcha-siteverify.ts'
import { advance, ask, defineStage, invalid, type StageContext } from '../../flow/stage.ts'
import { secretText, text } from '../../shapes/text.ts'

const url = (fallback: string) =>
  text({ max: 2000 }).refine(isHttpUrl, { message: 'Use an address that begins with https://.' }).default(fallback)
const threshold = (fallback: number) => z.number().min(-1000).max(1000).default(fallback)

const config = z
  .object({
    provider: z
      .enum(['remote', 'altcha'])
      .meta({
        values: {
          remote: 'A provider that speaks reCAPTCHA, such as hCaptcha, Turnstile or Cap. Which one, `jsUrl` tells the client.',
          altcha: 'This server: the client proves work (ALTCHA). No keys, and nobody else is asked.',
        },
      })
      .default('remote')
      .describe('Who judges the captcha.'),
    publicKey: text({ max: 500 }).default('').describe("The provider's site key. Needed unless the provider is ALTCHA."),
    privateKey: secretText({ max: 500 }).default('').describe("The provider's secret key. Needed unless the provider is ALTCHA."),
    jsUrl: url('https://www.recaptcha.net/recaptcha/api.js').describe("The provider's script, loaded by the client."),
    apiUrl: url('https://www.recaptcha.net/recaptcha/api/siteverify').describe('Where this server has tokens judged.'),
    requestContentType: z
      .enum(['application/x-www-form-urlencoded', 'application/json'])
      .default('application/x-www-form-urlencoded')
      .describe('How the provider is asked.'),
    interactive: z.boolean().default(false).describe('Whether people have to do something. Tells the client how to draw it.'),
    scoreMinThreshold: threshold(0.5).describe('The lowest score that passes; -1: any. Where a provider gives one.'),
    scoreMaxThreshold: threshold(1).describe('The highest score that passes; -1: any.'),
    errorOnInvalidScore: z
      .boolean()
      .default(true)
      .describe(
        'Whether what the provider refuses is refused. Otherwise all that it answers passes, and a policy has to judge `captcha`.',
      ),
    maxNumber: z
      .int()
      .min(1)
      .max(10_000_000)
      .default(10_000)
      .describe(
        'How many tries the proof of work takes at most, and half as many at least. A browser makes a few hundred a second.',
      ),
  })
  .refine(({ provider, publicKey }) => provider !== 'remote' || publicKey !== '', {
    path: ['publicKey'],
    message: 'A remote provider needs a public key.',
  })
  .refine(({ provider, privateKey }) => provider !== 'remote' || privateKey !== '', {
    path: ['privateKey'],
    message: 'A remote provider needs a private key.',
  })

type Context = StageContext<z.output<typeof config>, unknown>

/** Keeps machines out (reference: stages 4.3). */
export const captchaStage = defineStage({
  kind: 'captcha',
  component: 'ak-stage-captcha',
  model: 'authentik_stages_captcha.captchastage',
  description: 'Keeps machines out, with the help of a provider or by a proof of work.',
  showsPendingUser: true,

  config,

  challenge: z.object(captchaFields),

  response: z.object({
    token: secretText({ max: 16_384, min: 1 }).describe('What the widget of the provider, or of ALTCHA, hands out.'),
  }),

  async present(context) {
    const { fields, task } = await showCaptcha(captchaOf(context), context.services)
    return ask(fields, task && { task })
  },

  async answer(context, { token }) {
    const { services, stageId, visitor } = context
    const verdict = await checkCaptcha(captchaOf(context), { token, clientIp: visitor.clientIp }, services)
    if (!verdict.passed) return invalid('token', verdict.message)
    return advance({ context: { captcha: { response: verdict.response, stage: stageId } } })
  },
})

function captchaOf({ config: settings, stageId, plan, state }: Context): Captcha {
  const task = (state as { readonly task?: AltchaTask } | undefined)?.task
  return { settings, stageId, context: plan.context, task }
}
