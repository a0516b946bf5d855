import { z } from 'zod'
import type { DuoAnswer, DuoProblem } from '../flow/duo.ts'
import type { Transmission } from './transport.ts'

type Reply = Extract<Transmission, { type: 'reply' }>
export type Failure = Extract<DuoAnswer<never>, { ok: false }>

/** Characters that operators are told of Duo's own words. */
const longestQuote = 200
const tooManyRequests = 42_901

const success = z.object({ stat: z.literal('OK'), response: z.unknown(), metadata: z.unknown().optional() })
const refusal = z.object({
  stat: z.literal('FAIL'),
  code: z.int().optional().catch(undefined),
  message: z.string().catch(''),
  message_detail: z.string().catch(''),
})
const envelope = z.discriminatedUnion('stat', [success, refusal])

/** What Duo's envelope held. */
export interface Contents {
  readonly response: unknown
  readonly metadata: unknown
}

/** A failure in words that bear no secret. */
export function failure(problem: DuoProblem, message: string, code?: number): Failure {
  return { ok: false, problem, message, code }
}

/** Opens a reply; `secrets` are taken out of what Duo says is wrong. */
export function openEnvelope({ status, body }: Reply, path: string, secrets: readonly string[]): DuoAnswer<Contents> {
  if (status >= 500) return failure('unreachable', `Duo answered ${path} with status ${status}.`)
  if (status === 429) return failure('limited', `Duo answered ${path} with status 429: too many requests.`)
  const parsed = envelope.safeParse(parseJson(body))
  if (!parsed.success) return failure('malformed', `Duo's reply to ${path}, with status ${status}, is none of its envelopes.`)
  const { data } = parsed
  if (data.stat === 'OK')
    return status === 200
      ? { ok: true, value: { response: data.response, metadata: data.metadata } }
      : failure('malformed', `Duo's reply to ${path} says OK, with status ${status}.`)
  const said = quote([data.message, data.message_detail].filter(Boolean).join(': '), secrets)
  const problem = data.code === tooManyRequests ? 'limited' : 'refused'
  return failure(problem, `Duo refused ${path}${data.code === undefined ? '' : ` (${data.code})`}: ${said}`, data.code)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function quote(text: string, secrets: readonly string[]): string {
  const shown = secrets.filter(Boolean).reduce((rest, secret) => rest.replaceAll(secret, '***'), text)
  return shown
    .replace(/\p{C}+/gu, ' ')
    .slice(0, longestQuote)
    .toWellFormed()
}
