import { dummyPolicy } from './dummy/dummy.policy.ts'
import { eventMatcherPolicy } from './event-matcher/event-matcher.policy.ts'
import { passwordPolicy } from './password/password.policy.ts'
import { passwordExpiryPolicy } from './password-expiry/password-expiry.policy.ts'
import type { PolicyDefinition } from './policy.ts'

/** Every kind of policy. A new one is a folder and a line here. */
export const policies: readonly PolicyDefinition[] = [dummyPolicy, eventMatcherPolicy, passwordPolicy, passwordExpiryPolicy]
