import { resolveCondition } from './condition.ts'
import { resolveContext } from './context.ts'
import { resolveEnv } from './env.ts'
import { resolveFind } from './find.ts'
import { resolveFormat } from './format.ts'
import { resolveIf } from './if.ts'
import { resolveKeyOf } from './key-of.ts'
import type { ResolveTag } from './tag.ts'

/** Every tag (reference: flow-core 7.3). A new one is a file and a line here. */
export const tags: ReadonlyMap<string, ResolveTag> = new Map([
  ['!KeyOf', resolveKeyOf],
  ['!Find', resolveFind],
  ['!Condition', resolveCondition],
  ['!Context', resolveContext],
  ['!Format', resolveFormat],
  ['!If', resolveIf],
  ['!Env', resolveEnv],
])
