import type { Effect } from './effects.ts'
import type { Checkpoint } from './execution.ts'
import type { Run } from './run.ts'
import { nothingShown } from './run.ts'
import type { User } from './user.ts'

/** How many screens somebody may go back. */
export const mostCheckpoints = 5

/** What a step may have done, and be taken back to before. Nothing else can be undone. */
const harmless: ReadonlySet<Effect['type']> = new Set([
  'audit',
  'fail_authenticator',
  'upgrade_password_hash',
  'use_authenticator',
  'remember_device',
  'renew_session',
  'send_mail',
  'send_sms',
  'issue_flow_token',
])

/** What is only begun elsewhere is there again for who comes back to it. */
function isHarmless(effect: Effect): boolean {
  return effect.type === 'add_authenticator' ? effect.authenticator.confirmed === false : harmless.has(effect.type)
}

/** The run, remembering how things stand now: its active stage has been shown, and is about to be passed. */
export function withCheckpoint(run: Run): Run {
  const { plan, states, secrets, checkpoints } = run
  return { ...run, checkpoints: [...checkpoints, { plan, states, secrets }].slice(-mostCheckpoints) }
}

/** The run without ways back over what cannot be undone. */
export function withoutDeadEnds(run: Run): Run {
  const undoable = run.status === 'active' && run.effects.every(isHarmless)
  return undoable || run.checkpoints.length === 0 ? run : { ...run, checkpoints: [] }
}

/** The run at the screen before: what was proved since counts no more, and what was refused since does. Undefined: there is none. */
export async function wentBack(run: Run, userById: (id: number) => Promise<User | undefined>): Promise<Run | undefined> {
  const last = run.checkpoints.at(-1)
  if (!last) return undefined
  const { attempts, restarts, query } = run.plan
  const plan = { ...last.plan, attempts, restarts, query }
  return {
    ...run,
    plan,
    states: last.states,
    secrets: last.secrets,
    pendingUser: await personAt(last, run, userById),
    shown: nothingShown,
    checkpoints: run.checkpoints.slice(0, -1),
  }
}

async function personAt({ plan }: Checkpoint, { pendingUser }: Run, userById: (id: number) => Promise<User | undefined>) {
  const pending = plan.context.pending_user
  if (!pending?.known) return undefined
  return pendingUser?.id === pending.id ? pendingUser : userById(pending.id)
}
