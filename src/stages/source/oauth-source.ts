import { z } from 'zod'
import { defineStageObject } from '../../flow/stage.ts'
import { secretText, text } from '../../shapes/text.ts'

const flowId = (what: string) => z.uuid().nullable().default(null).describe(`The flow ${what}.`)
const address = (what: string) =>
  text({ max: 2048 })
    .refine((url) => url === '' || isSafeAddress(url), {
      message: 'Use an https:// address; http:// is for this very machine only.',
    })
    .default('')
    .describe(what)

/** How people are told apart whom the source has not signed in here before. */
const userMatchingModes = ['identifier', 'email_link', 'email_deny', 'username_link', 'username_deny'] as const

export const oauthSourceConfig = z
  .object({
    slug: text({ max: 50, min: 1 })
      .regex(/^[-\w]+$/, { message: 'Use letters, digits, hyphens and underscores.' })
      .describe('Names the source in addresses, such as that which it sends people back to. No two sources share one.'),
    enabled: z.boolean().default(true).describe('Whether anybody may come from there.'),
    promoted: z.boolean().default(false).describe('Whether a frontend should show it before other sources.'),
    icon: text({ max: 2048 }).default('').describe('The address of its picture.'),
    providerType: z
      .enum(['openidconnect'])
      .meta({ id: 'OAuthProviderType', description: 'What a source speaks.' })
      .default('openidconnect')
      .describe('What it speaks.'),
    consumerKey: text({ max: 2048, min: 1 }).describe('The client id that the source gave to this server.'),
    consumerSecret: secretText({ max: 2048 })
      .default('')
      .describe('The client secret that belongs to it; empty: the source knows this server as a public client.'),
    authorizationCodeAuthMethod: z
      .enum(['basic_auth', 'post_body'])
      .meta({ id: 'OAuthClientAuthMethod', description: 'How a client proves who it is.' })
      .default('basic_auth')
      .describe('Whether the client secret goes in a header or in the body.'),
    oidcWellKnownUrl: address(
      'Where the source says what it can do: an address that ends with `.well-known/openid-configuration`.',
    ),
    authorizationUrl: address('Where people sign in, if that is not where the source says.'),
    accessTokenUrl: address('Where codes are traded for tokens, if that is not where the source says.'),
    profileUrl: address('Where the source tells about people, if that is not where it says.'),
    oidcJwksUrl: address('Where its keys are, if that is not where the source says.'),
    additionalScopes: text({ max: 2048 })
      .default('')
      .describe(
        'What to ask for beside `openid email profile`, with blanks between; with a `*` in front, instead of `email profile`.',
      ),
    userMatchingMode: z
      .enum(userMatchingModes)
      .meta({
        id: 'UserMatchingMode',
        description: 'How an account is found for somebody whom a source has not signed in before.',
      })
      .default('identifier')
      .describe(
        'How an account is found for somebody whom the source has not signed in before. Only addresses that it has verified link.',
      ),
    authenticationFlow: flowId('that people go on with who come from a login button'),
    enrollmentFlow: flowId('that people without an account go on with'),
    userPathTemplate: text({ max: 1024 })
      .default('goauthentik.io/sources/%(slug)s')
      .describe('Where accounts from there are filed.'),
  })
  .refine(({ oidcWellKnownUrl }) => oidcWellKnownUrl !== '', {
    path: ['oidcWellKnownUrl'],
    message: 'An OpenID Connect source needs its well-known URL.',
  })

export type OAuthSourceConfig = z.output<typeof oauthSourceConfig>

/** A place elsewhere that people can sign in with, over OAuth. */
export const oauthSource = defineStageObject({
  kind: 'oauth_source',
  model: 'authentik_sources_oauth.oauthsource',
  config: oauthSourceConfig,
  references: ({ authenticationFlow, enrollmentFlow }) => [authenticationFlow, enrollmentFlow].filter((id) => id !== null),
})

function isSafeAddress(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname } = new URL(text)
  if (protocol === 'https:') return true
  return protocol === 'http:' && (hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname))
}
