import { z } from 'zod'

/** What this kind reads of a source's config; the rest of it is for stages. */
const settings = z.object({
  consumerKey: z.string().min(1),
  consumerSecret: z.string().default(''),
  authorizationCodeAuthMethod: z.enum(['basic_auth', 'post_body']).default('basic_auth'),
  oidcWellKnownUrl: z.string().min(1),
  authorizationUrl: z.string().default(''),
  accessTokenUrl: z.string().default(''),
  profileUrl: z.string().default(''),
  oidcJwksUrl: z.string().default(''),
  additionalScopes: z.string().default(''),
})

export type OpenIdSettings = z.output<typeof settings>

/** The settings of a source; throws on a config that its own schema would not have let through. */
export function readSettings(config: unknown): OpenIdSettings {
  return settings.parse(config)
}

/** What is asked for: who it is, and what to call and how to reach them. A star in front replaces all but the first. */
export function scopesOf({ additionalScopes }: OpenIdSettings): string {
  const replaces = additionalScopes.startsWith('*')
  const added = additionalScopes
    .slice(replaces ? 1 : 0)
    .split(/\s+/)
    .filter(Boolean)
  return [...new Set(['openid', ...(replaces ? [] : ['email', 'profile']), ...added])].join(' ')
}

/** Whether an address is one of this very machine, where nobody listens in between. */
export function isLoopback(url: URL): boolean {
  return url.hostname === 'localhost' || url.hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(url.hostname)
}
