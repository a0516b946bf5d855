import * as openid from 'openid-client'
import type { SourceProblem } from '../../flow/sources.ts'

/** Answers of a provider that are about its own state (RFC 6749, section 4.1.2.1). */
const providersOwn = new Set(['server_error', 'temporarily_unavailable'])
const noAnswer = new Set(['OAUTH_TIMEOUT', 'OAUTH_ABORT', 'OAUTH_RESPONSE_IS_NOT_CONFORM', 'OAUTH_RESPONSE_IS_NOT_JSON'])

/** What went wrong on a trip, as far as anybody can act on it. What is not known to be harmless is not trusted. */
export function problemOf(error: unknown): SourceProblem {
  if (error instanceof openid.AuthorizationResponseError) return providersOwn.has(error.error) ? 'unreachable' : 'refused'
  if (error instanceof openid.ClientError && noAnswer.has(error.code ?? '')) return 'unreachable'
  return isNetworkFailure(error) ? 'unreachable' : 'untrusted'
}

/** `fetch` throws a TypeError with the cause in it; the client library wraps some of them. */
function isNetworkFailure(error: unknown): boolean {
  if (error instanceof DOMException && error.name === 'TimeoutError') return true
  if (!(error instanceof Error)) return false
  return (error instanceof TypeError && error.message === 'fetch failed') || isNetworkFailure(error.cause)
}

const longestReason = 500

/** What went wrong, for operators. Only what errors call themselves is told: what they carry may be tokens, or about people. */
export function reasonOf(error: unknown): string {
  const parts: string[] = []
  for (let at = error; at instanceof Error && parts.length < 5; at = at.cause) parts.push(nameOf(at))
  return parts.join('; ').slice(0, longestReason)
}

function nameOf(error: Error): string {
  const isAnswer = error instanceof openid.AuthorizationResponseError || error instanceof openid.ResponseBodyError
  return isAnswer ? `${error.message}: ${error.error} ${error.error_description ?? ''}`.trim() : error.message
}
