import { setTimeout as sleep } from 'node:timers/promises'
import type { DuoAnswer, DuoSettings } from '../flow/duo.ts'
import { readApiHost } from './api-host.ts'
import { type Contents, failure, openEnvelope } from './envelope.ts'
import { authorizationHeader, canonicalParameters, type DuoParameters, dateHeader } from './signature.ts'
import { type ConnectionLimits, createTransport, type OutgoingRequest, type Transmission } from './transport.ts'

/** What the client is made from. */
export interface ExchangeOptions {
  readonly now: () => Date
  /** Who vouches for Duo's servers, in PEM; undefined: whom Node.js trusts. */
  readonly authority: string | undefined
  /** How long Duo may take for what it answers at once (milliseconds). */
  readonly patience?: number
  /** How long it may hold a question about a transaction (milliseconds). */
  readonly heldPatience?: number
  /** How long we leave Duo alone that has asked for it, before the one repetition (milliseconds). */
  readonly pause?: number
  /** Connections that one server keeps to Duo; questions beyond wait for their turn. */
  readonly connections?: ConnectionLimits
}

/** One of Duo's endpoints, and what it is asked. */
export interface Question {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly parameters: DuoParameters
  /** What must not come back in a message, beside the keys. */
  readonly secrets?: readonly string[]
  /** Whether asking twice is as good as asking once. */
  readonly repeatable?: boolean
  /** Whether Duo answers when something happens, which takes its time. */
  readonly held?: boolean
  /** Bytes of the reply; 64 KiB unless told. */
  readonly longestReply?: number
  readonly signal?: AbortSignal
}

/** Asks Duo one question, and opens the envelope of the answer. */
export type Exchange = (settings: DuoSettings, question: Question) => Promise<DuoAnswer<Contents>>

/** Makes what signs questions, sends them, and repeats once those that may be. */
export function createExchange(options: ExchangeOptions): Exchange {
  const { now, authority, patience = 10_000, heldPatience = 65_000, pause = 1000 } = options
  const send = createTransport(authority, options.connections)

  const ask = async (outgoing: () => OutgoingRequest, question: Question, secrets: readonly string[]) => {
    const transmission = await send(outgoing())
    return { answer: answerOf(transmission, question.path, secrets), stale: transmission.type === 'lost' && transmission.stale }
  }

  return async (settings, question) => {
    const host = readApiHost(settings.host)
    if (!host) return failure('refused', "Duo's API hostname is not the name of a host.")
    const { held = false, longestReply = 65_536, signal } = question
    const limits = { patience: held ? heldPatience : patience, longestReply, held, signal }
    const outgoing = () => ({ host, ...signed(settings, host.host, question, now()), ...limits })
    const secrets = [settings.secretKey, settings.integrationKey, ...(question.secrets ?? [])]

    const first = await ask(outgoing, question, secrets)
    if (first.answer.ok || !question.repeatable) return first.answer
    const limited = first.answer.problem === 'limited'
    if (!limited && !first.stale) return first.answer
    if (limited) await sleep(pause, undefined, signal && { signal }).catch(() => undefined)
    return (await ask(outgoing, question, secrets)).answer
  }
}

function signed({ integrationKey, secretKey }: DuoSettings, host: string, { method, path, parameters }: Question, now: Date) {
  const date = dateHeader(now)
  const authorization = authorizationHeader({ integrationKey, secretKey, method, host, path, parameters, date })
  const headers = { date, authorization, 'user-agent': 'stagedoor', accept: 'application/json' }
  const encoded = canonicalParameters(parameters)
  if (method === 'GET') return { method, path: encoded === '' ? path : `${path}?${encoded}`, headers, body: '' }
  return { method, path, headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' }, body: encoded }
}

function answerOf(transmission: Transmission, path: string, secrets: readonly string[]): DuoAnswer<Contents> {
  switch (transmission.type) {
    case 'reply':
      return openEnvelope(transmission, path, secrets)
    case 'lost':
      return failure('unreachable', `Duo does not answer ${path}: ${transmission.reason}.`)
    case 'strange':
      return failure('malformed', `Duo's reply to ${path} is none: ${transmission.reason}.`)
  }
}
