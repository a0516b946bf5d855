import type { StageDefinition } from '../flow/stage.ts'
import { authenticatorDuoStage } from './authenticator-duo/authenticator-duo.stage.ts'
import { authenticatorEmailStage } from './authenticator-email/authenticator-email.stage.ts'
import { authenticatorSmsStage } from './authenticator-sms/authenticator-sms.stage.ts'
import { authenticatorStaticStage } from './authenticator-static/authenticator-static.stage.ts'
import { authenticatorTotpStage } from './authenticator-totp/authenticator-totp.stage.ts'
import { authenticatorValidateStage } from './authenticator-validate/authenticator-validate.stage.ts'
import { authenticatorWebauthnStage } from './authenticator-webauthn/authenticator-webauthn.stage.ts'
import { captchaStage } from './captcha/captcha.stage.ts'
import { consentStage } from './consent/consent.stage.ts'
import { denyStage } from './deny/deny.stage.ts'
import { dummyStage } from './dummy/dummy.stage.ts'
import { emailStage } from './email/email.stage.ts'
import { identificationStage } from './identification/identification.stage.ts'
import { invitationStage } from './invitation/invitation.stage.ts'
import { mtlsStage } from './mtls/mtls.stage.ts'
import { passwordStage } from './password/password.stage.ts'
import { promptStage } from './prompt/prompt.stage.ts'
import { redirectStage } from './redirect/redirect.stage.ts'
import { sourceStage } from './source/source.stage.ts'
import { userDeleteStage } from './user-delete/user-delete.stage.ts'
import { userLoginStage } from './user-login/user-login.stage.ts'
import { userLogoutStage } from './user-logout/user-logout.stage.ts'
import { userWriteStage } from './user-write/user-write.stage.ts'

/** Every kind of stage. A new one is a folder and a line here. */
export const stages: readonly StageDefinition[] = [
  authenticatorDuoStage,
  authenticatorEmailStage,
  authenticatorSmsStage,
  authenticatorStaticStage,
  authenticatorTotpStage,
  authenticatorValidateStage,
  authenticatorWebauthnStage,
  captchaStage,
  consentStage,
  denyStage,
  dummyStage,
  emailStage,
  identificationStage,
  invitationStage,
  mtlsStage,
  passwordStage,
  promptStage,
  redirectStage,
  sourceStage,
  userDeleteStage,
  userLoginStage,
  userLogoutStage,
  userWriteStage,
]
