import { z } from 'zod'
import { redirect } from '../../flow/challenges.ts'
import type { ConfiguredObject } from '../../flow/definition.ts'
import type { Context } from './settings.ts'

/** A button that leads to another place to sign in (reference: stages 4.1). */
export const loginSource = z
  .object({
    name: z.string().describe('What to call it.'),
    iconUrl: z.string().nullable().describe('Its picture.'),
    promoted: z.boolean().describe('Whether it deserves a larger button.'),
    challenge: z
      .object({
        component: z.string().describe('How the client gets there; `xak-flow-redirect` is a plain redirect.'),
        to: z.string().describe('Where the button leads.'),
        finalRedirect: z.boolean().describe('Whether the flow ends there: never, for a source.'),
      })
      .meta({ id: 'LoginSourceChallenge', description: 'How to go to a source.' })
      .describe('What the button does.'),
  })
  .meta({ id: 'LoginSource', description: 'Another place that people can sign in with.' })

/** Where the buttons of the kinds of sources lead. A kind without a page of its own has none. */
const loginPaths: Readonly<Record<string, (slug: string) => string>> = {
  oauth_source: (slug) => `/source/oauth/login/${slug}/`,
}

/** The buttons of the sources that the stage names, as far as they are enabled, by name. */
export function loginSources({ config, objects }: Pick<Context, 'config' | 'objects'>): z.input<typeof loginSource>[] {
  return config.sources.flatMap((id) => buttonOf(objects[id])).sort((one, other) => one.name.localeCompare(other.name, 'en'))
}

function buttonOf(source: ConfiguredObject | undefined): z.input<typeof loginSource>[] {
  if (!source || !Object.hasOwn(loginPaths, source.kind) || source.config.enabled !== true) return []
  const { icon, promoted, slug } = source.config
  const to = loginPaths[source.kind]?.(encodeURIComponent(String(slug))) ?? ''
  const iconUrl = typeof icon === 'string' && icon !== '' ? icon : null
  const challenge = { component: redirect.component, to, finalRedirect: false }
  return [{ name: source.name, iconUrl, promoted: promoted === true, challenge }]
}
