import { randomUUID } from 'node:crypto'
import { duoOutcomes } from './duo-account.ts'
import { auth } from './duo-auth.ts'
import { checkAddress, type EndpointAnswer, type EndpointContext, invalid, seconds, userOf, wholeNumber } from './duo-endpoint.ts'
import { DuoRefusal } from './duo-request.ts'

/** One of Duo's endpoints. */
export interface Endpoint {
  readonly api: 'auth' | 'admin' | 'none'
  readonly required?: readonly string[]
  readonly optional?: readonly string[]
  readonly answer: (context: EndpointContext) => EndpointAnswer
}

const time: Endpoint['answer'] = ({ now }) => ({ response: { time: seconds(now) } })

/** By method and path. */
export const duoEndpoints: ReadonlyMap<string, Endpoint> = new Map<string, Endpoint>([
  ['GET /auth/v2/ping', { api: 'none', answer: time }],
  ['GET /auth/v2/check', { api: 'auth', answer: time }],
  ['POST /auth/v2/enroll', { api: 'auth', optional: ['username', 'valid_secs'], answer: enroll }],
  ['POST /auth/v2/enroll_status', { api: 'auth', required: ['user_id', 'activation_code'], answer: enrollStatus }],
  [
    'POST /auth/v2/preauth',
    {
      api: 'auth',
      optional: ['user_id', 'username', 'ipaddr', 'hostname', 'trusted_device_token', 'client_supports_verified_push'],
      answer: preauth,
    },
  ],
  [
    'POST /auth/v2/auth',
    {
      api: 'auth',
      required: ['factor'],
      optional: [
        'user_id',
        'username',
        'ipaddr',
        'hostname',
        'async',
        'device',
        'type',
        'display_username',
        'pushinfo',
        'passcode',
        'txid',
      ],
      answer: auth,
    },
  ],
  ['GET /auth/v2/auth_status', { api: 'auth', required: ['txid'], answer: authStatus }],
  ['GET /admin/v1/users', { api: 'admin', optional: ['limit', 'offset', 'username'], answer: users }],
])

/** Refuses what is missing and what is not documented. */
export function checkParameters({ required = [], optional = [] }: Endpoint, parameters: ReadonlyMap<string, string>): void {
  const missing = required.find((name) => !parameters.get(name))
  if (missing !== undefined) throw new DuoRefusal(40_001, 'Missing required request parameters', missing)
  const unknown = [...parameters.keys()].find((name) => !required.includes(name) && !optional.includes(name))
  if (unknown !== undefined) throw invalid(unknown)
}

function enroll({ parameters, account, now, origin }: EndpointContext): EndpointAnswer {
  const username = parameters.get('username') ?? randomUUID()
  const validSeconds = wholeNumber(parameters, 'valid_secs', 86_400)
  if (account.find(username)) throw new DuoRefusal(40_003, 'Username already exists')
  const enrolment = account.enroll(username, new Date(now.getTime() + validSeconds * 1000))
  const code = `duo://${enrolment.activationCode}`
  return {
    response: {
      activation_barcode: `${origin}/frame/qr?value=${encodeURIComponent(code)}`,
      activation_code: code,
      activation_url: `${origin}/activate/${enrolment.activationCode}`,
      expiration: seconds(enrolment.expiresAt),
      user_id: enrolment.userId,
      username,
    },
  }
}

function enrollStatus({ parameters, account, now }: EndpointContext): EndpointAnswer {
  const code = (parameters.get('activation_code') ?? '').replace(/^duo:\/\//, '')
  const enrolment = account.enrolmentOf(parameters.get('user_id') ?? '', code)
  if (!enrolment) return { response: 'invalid' }
  if (enrolment.status === 'success') return { response: 'success' }
  return { response: enrolment.expiresAt <= now ? 'invalid' : 'waiting' }
}

function preauth(context: EndpointContext): EndpointAnswer {
  const { parameters, account, now, origin } = context
  const user = userOf(context)
  checkAddress(parameters)
  if (!user || user.preauth === 'enroll')
    return {
      response: {
        result: 'enroll',
        status_msg: 'Enroll an authentication device to proceed',
        enroll_portal_url: `${origin}/portal?code=48bac5d9393fb2c2&akey=DIXXXXXXXXXXXXXXXXXX`,
      },
    }
  if (user.preauth === 'allow') return { response: { result: 'allow', status_msg: 'Account is in bypass mode' } }
  if (user.preauth === 'deny') return { response: { result: 'deny', status_msg: duoOutcomes.locked.status_msg } }
  const active = { result: 'auth', status_msg: 'Account is active', devices: user.devices }
  if (!user.verifiedPush || parameters.get('client_supports_verified_push') !== '1') return { response: active }
  const { txid, code, expiresAt } = account.offerCode(user, now)
  return { response: { ...active, txid, verification_code: code, expiration: seconds(expiresAt) } }
}

function authStatus({ parameters, account }: EndpointContext): EndpointAnswer {
  const transaction = account.byId(parameters.get('txid') ?? '')
  if (!transaction) throw invalid('txid')
  return { later: (answer) => transaction.poll((update) => answer({ ...update, auth_delayed: false })) }
}

function users({ parameters, account }: EndpointContext): EndpointAnswer {
  const limit = Math.min(wholeNumber(parameters, 'limit', 100), 300)
  const offset = wholeNumber(parameters, 'offset', 0)
  const wanted = parameters.get('username')
  const known = [...account.users.values()].filter(({ username }) => wanted === undefined || username === wanted)
  const page = known.slice(offset, offset + limit)
  const next = offset + limit < known.length ? { next_offset: offset + limit } : {}
  return {
    response: page.map(({ userId, username, devices }) => ({
      user_id: userId,
      username,
      status: 'active',
      email: '',
      realname: null,
      is_enrolled: devices.length > 0,
    })),
    metadata: { total_objects: known.length, ...next },
  }
}
