import { z } from 'zod'
import { defineStageObject } from '../../flow/stage.ts'
import { secretText, text } from '../../shapes/text.ts'
import { readPem } from './pem.ts'

/** A certificate that stages name: here, an authority that people's certificates are issued by. */
export const certificateObject = defineStageObject({
  kind: 'certificate',
  model: 'authentik_crypto.certificatekeypair',
  config: z.object({
    certificateData: text({ max: 100_000 })
      .refine((pem) => readPem(pem).length > 0, { message: 'Not a certificate in PEM, or one of several is not.' })
      .describe('The certificate in PEM; several, to trust them all.'),
    keyData: secretText({ max: 100_000 }).default('').describe('Its private key. Nothing uses it yet.'),
  }),
})
