import type { StageDefinition } from '../flow/stage.ts'
import { authenticatorStaticStage } from './authenticator-static/authenticator-static.stage.ts'
import { authenticatorTotpStage } from './authenticator-totp/authenticator-totp.stage.ts'
import { authenticatorValidateStage } from './authenticator-validate/authenticator-validate.stage.ts'
import { denyStage } from './deny/deny.stage.ts'
import { dummyStage } from './dummy/dummy.stage.ts'
import { identificationStage } from './identification/identification.stage.ts'
import { passwordStage } from './password/password.stage.ts'
import { redirectStage } from './redirect/redirect.stage.ts'
import { userLoginStage } from './user-login/user-login.stage.ts'
import { userLogoutStage } from './user-logout/user-logout.stage.ts'

/** Every kind of stage. A new one is a folder and a line here. */
export const stages: readonly StageDefinition[] = [
  authenticatorStaticStage,
  authenticatorTotpStage,
  authenticatorValidateStage,
  denyStage,
  dummyStage,
  identificationStage,
  passwordStage,
  redirectStage,
  userLoginStage,
  userLogoutStage,
]
