import { randomUUID } from 'node:crypto'
import { duoOutcomes, type FakeDevice, type FakeDuoUser } from './duo-account.ts'
import { checkAddress, type EndpointAnswer, type EndpointContext, invalid, userOf } from './duo-endpoint.ts'
import { DuoRefusal } from './duo-request.ts'
import type { DuoTransactionRequest, DuoUpdate } from './duo-transaction.ts'

/** Longer information is refused with the whole push (bytes). */
const longestPushInfo = 20_000

/** `POST /auth/v2/auth` */
export function auth(context: EndpointContext): EndpointAnswer {
  const { parameters, account } = context
  const user = userOf(context)
  checkAddress(parameters)
  const factor = parameters.get('factor') ?? ''
  checkFactor(parameters, factor)
  if (!user) throw invalid(parameters.has('user_id') ? 'user_id' : 'username')

  const code = takeCode(context, user)
  const verdict = user.preauth === 'auth' ? undefined : verdicts[user.preauth]
  if (factor === 'passcode') {
    const judged = verdict ?? judgePasscode(user, parameters.get('passcode') ?? '')
    if (parameters.get('async') !== '1') return { response: judged }
    return { response: { txid: account.begin(user, requestOf(context, factor, undefined, code), judged).request.txid } }
  }
  const device = deviceOf(user, factor, parameters.get('device') ?? '')
  if (!device && !verdict) throw invalid('device')
  const transaction = account.begin(user, requestOf(context, factor, device, code), verdict ?? firstUpdate(factor, code))
  if (parameters.get('async') === '1') return { response: { txid: transaction.request.txid } }
  return { later: (answer) => transaction.awaitEnd(answer) }
}

const verdicts = {
  allow: duoOutcomes.bypass,
  deny: duoOutcomes.locked,
  enroll: { result: 'deny', status: 'deny', status_msg: 'Enroll an authentication device to proceed' },
} as const satisfies Record<string, DuoUpdate>

/** Each factor has parameters of its own; those of another are refused. */
function checkFactor(parameters: ReadonlyMap<string, string>, factor: string): void {
  if (!['auto', 'push', 'phone', 'sms', 'passcode'].includes(factor)) throw invalid('factor')
  const needed = factor === 'passcode' ? 'passcode' : 'device'
  if (!parameters.get(needed)) throw new DuoRefusal(40_001, 'Missing required request parameters', needed)
  const foreign = factor === 'passcode' ? ['device', ...pushOnly] : ['passcode', ...(isPush(factor) ? [] : pushOnly)]
  const stray = foreign.find((name) => parameters.has(name))
  if (stray !== undefined) throw invalid(stray)
  const info = parameters.get('pushinfo')
  if (info !== undefined && (Buffer.byteLength(info) >= longestPushInfo || !isFormEncoded(info))) throw invalid('pushinfo')
}

const pushOnly = ['type', 'display_username', 'pushinfo', 'txid']
const isPush = (factor: string) => factor === 'push' || factor === 'auto'
const isFormEncoded = (text: string) => /^(?:[\w.~-]|%[0-9A-Fa-f]{2}|\+|[=&])+$/.test(text)

/** The code that this push is verified by; throws where a transaction is named that was not offered for it. */
function takeCode({ parameters, account, now }: EndpointContext, user: FakeDuoUser): string | undefined {
  const txid = parameters.get('txid')
  if (txid === undefined) return undefined
  const code = account.takeCode(txid, user, now)
  if (code === undefined || parameters.get('factor') !== 'push') throw invalid('txid')
  return code
}

function judgePasscode(user: FakeDuoUser, passcode: string): DuoUpdate {
  const place = user.passcodes.indexOf(passcode)
  if (place === -1) return duoOutcomes.wrongPasscode
  user.passcodes.splice(place, 1)
  return duoOutcomes.allow
}

function deviceOf(user: FakeDuoUser, factor: string, named: string): FakeDevice | undefined {
  const can = ({ capabilities = [] }: FakeDevice) =>
    factor === 'auto' ? capabilities.includes('push') || capabilities.includes('phone') : capabilities.includes(factor)
  return user.devices.find((device) => can(device) && (named === 'auto' || named === device.device))
}

function firstUpdate(factor: string, code: string | undefined): DuoUpdate {
  if (factor === 'sms') return { result: 'deny', status: 'sent', status_msg: 'New SMS passcodes sent' }
  if (factor === 'phone') return { result: 'waiting', status: 'calling', status_msg: 'Dialing XXX-XXX-0100...' }
  const message =
    code === undefined ? 'Pushed a login request to your phone...' : `Please enter verification code ${code} into Duo Mobile...`
  return { result: 'waiting', status: 'pushed', status_msg: message }
}

function requestOf(
  { parameters }: EndpointContext,
  factor: string,
  device: FakeDevice | undefined,
  verificationCode: string | undefined,
): Omit<DuoTransactionRequest, 'userId' | 'username'> {
  return {
    txid: parameters.get('txid') ?? randomUUID(),
    factor,
    device: device?.device,
    title: parameters.get('type'),
    displayUsername: parameters.get('display_username'),
    pushInfo: Object.fromEntries(new URLSearchParams(parameters.get('pushinfo') ?? '')),
    clientIp: parameters.get('ipaddr'),
    verificationCode,
  }
}
