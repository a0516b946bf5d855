import type { X509Certificate } from 'node:crypto'
import { z } from 'zod'
import { isJsonObject, type JsonObject } from '../../flow/json.ts'
import { advance, defineStage, deny, type StageContext } from '../../flow/stage.ts'
import type { User } from '../../flow/user.ts'
import { attributeOf, certificateAttributes, certificateFacts } from './certificate-facts.ts'
import { certificateObject } from './certificate-object.ts'
import { readPem } from './pem.ts'
import { shownCertificates } from './shown-certificates.ts'
import { isTrusted } from './trust.ts'

const config = z.object({
  mode: z
    .enum(['optional', 'required'])
    .default('required')
    .describe('Whether people without a certificate are let past this stage or refused.'),
  certificateAuthorities: z
    .array(z.uuid())
    .max(100)
    .default([])
    .describe(
      'The certificates of the authorities that issue for people. There is no other list: an authority counts if it is here.',
    ),
  certAttribute: z
    .enum(certificateAttributes)
    .default('email')
    .describe('What a certificate names its owner by; `email` is the first address of the subject alternative name.'),
  userAttribute: z.enum(['username', 'email']).default('email').describe('What that is compared with.'),
})

type Context = StageContext<z.output<typeof config>, unknown>

/** Knows people by a certificate that their device showed while connecting (reference: stages 4.24). */
export const mtlsStage = defineStage({
  kind: 'mtls',
  model: 'authentik_stages_mtls.mutualtlsstage',
  description: 'Identifies and authenticates a person by a client certificate.',
  config,
  objects: [certificateObject],
  references: ({ certificateAuthorities }) => certificateAuthorities,

  async present(context) {
    const { config: settings, flow } = context
    const authorities = authoritiesOf(context)
    if (authorities.length === 0) return settings.mode === 'optional' ? advance() : deny()
    const certificate = trustedCertificate(context, authorities)
    if (!certificate) return settings.mode === 'optional' ? advance() : deny('Certificate required but no certificate was given.')
    if (flow.designation === 'enrollment') return advance({ context: enrolling(context, certificate) })

    const user = await ownerOf(context, certificate)
    if (!user) return deny('No user found for certificate.')
    return advance({ pendingUser: user, context: authenticated(context, certificate, user) })
  },
})

function authoritiesOf({ config: settings, objects }: Context): readonly X509Certificate[] {
  const named = settings.certificateAuthorities.flatMap((id) => objects[id] ?? [])
  return named.flatMap(({ config: { certificateData } }) => readPem(typeof certificateData === 'string' ? certificateData : ''))
}

function trustedCertificate(
  { visitor, services }: Context,
  authorities: readonly X509Certificate[],
): X509Certificate | undefined {
  const [own, ...others] = shownCertificates(visitor)
  return own && isTrusted(own, others, authorities, services.now()) ? own : undefined
}

/** Nobody for a certificate that names nobody, where authentik fails; nobody disabled; and no second person in one sign-in. */
async function ownerOf({ config: settings, plan, services }: Context, certificate: X509Certificate): Promise<User | undefined> {
  const name = attributeOf(certificate, settings.certAttribute)
  const user = name === undefined ? undefined : await services.users.find(name, [settings.userAttribute], false)
  const { pending_user: pending } = plan.context
  const isAnother = pending !== undefined && !(pending.known && pending.id === user?.id)
  return user?.isActive && !isAnother ? user : undefined
}

function authenticated({ plan }: Context, certificate: X509Certificate, user: User): JsonObject {
  return {
    ...certified(plan.context, certificate),
    pending_user: { ...plan.context.pending_user, known: true, id: user.id },
    auth_method: 'mtls',
  }
}

/** What the authority vouches for goes over what was typed before. */
function enrolling({ plan }: Context, certificate: X509Certificate): JsonObject {
  const { prompt_data: typed } = plan.context
  const email = attributeOf(certificate, 'email')
  const name = attributeOf(certificate, 'common_name')
  const data = { ...(isJsonObject(typed) && typed), ...(email !== undefined && { email }), ...(name !== undefined && { name }) }
  return { ...certified(plan.context, certificate), prompt_data: data }
}

function certified({ auth_method_args: args }: JsonObject, shown: X509Certificate): JsonObject {
  const certificate = certificateFacts(shown)
  return { certificate, auth_method_args: { ...(isJsonObject(args) && args), certificate } }
}
