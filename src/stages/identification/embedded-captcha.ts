import { z } from 'zod'
import { type Captcha, captchaSettings, checkCaptcha, showCaptcha } from '../../credentials/captcha.ts'
import type { AltchaTask } from '../../credentials/captcha-altcha.ts'
import { captchaFields } from '../../credentials/captcha-fields.ts'
import type { CaptchaVerdict } from '../../credentials/captcha-verdict.ts'
import { defaultAvatar } from '../../flow/user.ts'
import { type Context, stateOf } from './settings.ts'

/** A captcha on the same screen: what the captcha challenge would be. */
export const embeddedCaptcha = z
  .object({
    component: z.string().describe('Always `ak-stage-captcha`.'),
    pendingUser: z.string().describe('Empty: nobody is known yet.'),
    pendingUserAvatar: z.string().describe('The picture of nobody.'),
    ...captchaFields,
  })
  .meta({ id: 'EmbeddedCaptcha', description: 'A captcha that is shown on the same screen as something else.' })

/** Whether a captcha is asked for, be it one that is gone. */
export function asksForCaptcha({ config }: Pick<Context, 'config'>): boolean {
  return config.captchaStage !== null
}

/** What to show of the captcha, and what to keep until it is solved. */
export async function captchaScreen(
  context: Context,
): Promise<{ readonly captchaStage: z.input<typeof embeddedCaptcha> | null; readonly task?: AltchaTask }> {
  const captcha = captchaOf(context)
  if (!captcha) return { captchaStage: null }
  const { fields, task } = await showCaptcha(captcha, context.services)
  const captchaStage = { component: 'ak-stage-captcha', pendingUser: '', pendingUserAvatar: defaultAvatar, ...fields }
  return { captchaStage, ...(task && { task }) }
}

/** Judges the token. A captcha that is gone lets nobody pass, and one that was not solved is no question for a provider. */
export async function judgeCaptcha(context: Context, token: string): Promise<CaptchaVerdict> {
  const captcha = captchaOf(context)
  if (!captcha || token === '') return { passed: false, message: '' }
  return checkCaptcha(captcha, { token, clientIp: context.visitor.clientIp }, context.services)
}

function captchaOf(context: Context): Captcha | undefined {
  const { config, plan, services, stages } = context
  const stageId = config.captchaStage ?? ''
  const stage = stages[stageId]
  if (stage?.kind !== 'captcha') return undefined
  const settings = captchaSettings(stage.config, services.secretsOf(stageId))
  return { settings, stageId, context: plan.context, task: stateOf(context).task }
}
