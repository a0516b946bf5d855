import { z } from 'zod'
import {
  type DuoDevice,
  type DuoEnrollment,
  type DuoEnrollmentStatus,
  type DuoPreauth,
  type DuoStatus,
  duoCapabilities,
} from '../flow/duo.ts'

// Duo adds properties and values over time: what is not known is left out where that is harmless, and refused where it decides.

const id = z.string().min(1).max(500)
const sentence = z.string().max(2000).nullish().catch(undefined)
const optionalText = z.string().max(2000).nullish().catch(undefined)
const link = (protocol: RegExp) => z.url({ protocol }).max(2000)

/** Seconds since 1970, of a moment that dates can say. */
const moment = z
  .int()
  .min(0)
  .max(8.64e12)
  .transform((seconds) => new Date(seconds * 1000))

/** `POST /auth/v2/enroll` */
export const enrollmentReply: z.ZodType<DuoEnrollment> = z
  .object({
    user_id: id,
    username: z.string(),
    // A picture on the pages of frontends: nothing but a web address may become one.
    activation_barcode: link(/^https$/),
    activation_code: id,
    activation_url: link(/^(?:https|duo)$/)
      .optional()
      .catch(undefined),
    expiration: moment,
  })
  .transform((reply) => ({
    userId: reply.user_id,
    username: reply.username,
    activationBarcode: reply.activation_barcode,
    activationCode: reply.activation_code,
    activationUrl: reply.activation_url,
    expiresAt: reply.expiration,
  }))

/** `POST /auth/v2/enroll_status` */
export const enrollmentStatusReply: z.ZodType<DuoEnrollmentStatus> = z.enum(['success', 'waiting', 'invalid'])

const capability = z.enum(duoCapabilities)

const device: z.ZodType<DuoDevice> = z
  .object({
    device: id,
    type: z.unknown().optional(),
    display_name: optionalText,
    name: optionalText,
    capabilities: z.array(z.unknown()).catch([]),
  })
  .transform((reply) => ({
    id: reply.device,
    displayName: reply.display_name || reply.name || reply.device,
    type: reply.type === 'phone' || reply.type === 'token' ? reply.type : 'other',
    capabilities: reply.capabilities.flatMap((known) => capability.safeParse(known).data ?? []),
  }))

/** `POST /auth/v2/preauth` */
export const preauthReply: z.ZodType<DuoPreauth> = z
  .discriminatedUnion('result', [
    z.object({ result: z.literal('auth'), status_msg: sentence, devices: z.array(device).catch([]) }),
    z.object({ result: z.literal('allow'), status_msg: sentence }),
    z.object({ result: z.literal('deny'), status_msg: sentence }),
    z.object({
      result: z.literal('enroll'),
      status_msg: sentence,
      enroll_portal_url: link(/^https$/)
        .optional()
        .catch(undefined),
    }),
  ])
  .transform((reply): DuoPreauth => {
    const message = reply.status_msg ?? ''
    if (reply.result === 'auth') return { result: 'auth', message, devices: reply.devices }
    if (reply.result === 'enroll') return { result: 'enroll', message, portalUrl: reply.enroll_portal_url }
    return { result: reply.result, message }
  })

/** What else a preauth says where a push has to be verified by a code: see "Verified Duo Push" in Duo's Auth API. */
export const verifiedPushReply = z.object({ txid: id, verification_code: z.string().regex(/^\d{3,6}$/) })

/** `POST /auth/v2/auth` with `async`. */
export const transactionReply = z.object({ txid: id })

/** `GET /auth/v2/auth_status`, and `POST /auth/v2/auth` without `async`. */
export const statusReply: z.ZodType<DuoStatus> = z
  .object({ result: z.enum(['allow', 'deny', 'waiting']), status: z.string().max(100).catch(''), status_msg: sentence })
  .transform(({ result, status, status_msg }) => ({ result, status, message: status_msg ?? '' }))

/** A page of `GET /admin/v1/users`. */
export const usersReply = z.array(
  z.object({ user_id: id, username: z.string() }).transform((user) => ({ userId: user.user_id, username: user.username })),
)

/** Where the next page begins; none behind the last one. */
export const usersMetadata = z.object({ next_offset: z.int().min(1).nullish() })
