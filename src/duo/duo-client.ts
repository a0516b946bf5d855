import type { z } from 'zod'
import type { DuoAnswer, DuoGateway, DuoSettings } from '../flow/duo.ts'
import { type Contents, failure } from './envelope.ts'
import { createExchange, type ExchangeOptions, type Question } from './exchange.ts'
import { authQuestion, preauthQuestion } from './questions.ts'
import {
  enrollmentReply,
  enrollmentStatusReply,
  preauthReply,
  statusReply,
  transactionReply,
  verifiedPushReply,
} from './replies.ts'
import { listUsers } from './users.ts'

/** Asks Duo, by signed requests over HTTPS. */
export function createDuoClient(options: ExchangeOptions): DuoGateway {
  const exchange = createExchange(options)

  const ask = async <Value>(settings: DuoSettings, question: Question, reply: z.ZodType<Value>): Promise<DuoAnswer<Value>> =>
    readReply(await exchange(settings, question), question.path, reply)

  const preauth = (settings: DuoSettings, userId: string, clientIp: string) =>
    exchange(settings, {
      method: 'POST',
      path: '/auth/v2/preauth',
      parameters: preauthQuestion(userId, clientIp),
      repeatable: true,
    })

  return {
    enroll: (settings, username, validSeconds) => {
      const parameters = { username, valid_secs: String(validSeconds) }
      return ask(settings, { method: 'POST', path: '/auth/v2/enroll', parameters }, enrollmentReply)
    },

    enrollmentStatus: (settings, { userId, activationCode }) => {
      const parameters = { user_id: userId, activation_code: activationCode }
      const question: Question = { method: 'POST', path: '/auth/v2/enroll_status', parameters, secrets: [activationCode] }
      return ask(settings, question, enrollmentStatusReply)
    },

    preauth: async (settings, { userId, clientIp }) =>
      readReply(await preauth(settings, userId, clientIp), '/auth/v2/preauth', preauthReply),

    begin: async (settings, authentication) => {
      const { factor, userId, clientIp } = authentication
      const pushes = factor === 'push' || factor === 'auto'
      const asked = pushes ? await preauth(settings, userId, clientIp) : undefined
      if (asked && !asked.ok) return asked
      const verified = verifiedPushReply.safeParse(asked?.value.response).data
      const parameters = {
        ...authQuestion(verified ? { ...authentication, factor: 'push' } : authentication),
        async: '1',
        ...(verified && { txid: verified.txid }),
      }
      const secrets = verified ? [verified.txid, verified.verification_code] : []
      const begun = await ask(settings, { method: 'POST', path: '/auth/v2/auth', parameters, secrets }, transactionReply)
      if (!begun.ok) return begun
      return { ok: true, value: { txid: begun.value.txid, verificationCode: verified?.verification_code } }
    },

    verify: (settings, authentication) => {
      const parameters = authQuestion(authentication)
      const secrets = [authentication.passcode ?? '']
      return ask(settings, { method: 'POST', path: '/auth/v2/auth', parameters, secrets }, statusReply)
    },

    status: async (settings, txid, signal) => {
      const question: Question = {
        method: 'GET',
        path: '/auth/v2/auth_status',
        parameters: { txid },
        secrets: [txid],
        repeatable: true,
        held: true,
        signal,
      }
      return withoutTimeouts(await ask(settings, question, statusReply))
    },

    users: (settings) => listUsers((question) => exchange(settings, question)),
  }
}

/** What an envelope held, in our words; values are never quoted, for they may be secrets. */
function readReply<Value>(contents: DuoAnswer<Contents>, path: string, reply: z.ZodType<Value>): DuoAnswer<Value> {
  if (!contents.ok) return contents
  const parsed = reply.safeParse(contents.value.response)
  if (parsed.success) return { ok: true, value: parsed.data }
  const fields = parsed.error.issues.map((issue) => ['response', ...issue.path].join('.'))
  return failure('malformed', `Duo's reply to ${path} is not understood: ${fields.slice(0, 5).join(', ')}.`)
}

/** Duo says 40002 too when nothing has happened for as long as it holds a question, which is no refusal. */
function withoutTimeouts<Value>(answer: DuoAnswer<Value>): DuoAnswer<Value> {
  return !answer.ok && answer.code === 40_002 ? { ...answer, problem: 'unreachable' } : answer
}
