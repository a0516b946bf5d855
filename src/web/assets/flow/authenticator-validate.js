import { alert, button, element, line } from './dom.js'
import { askedScreen, duoScreen } from './duo.js'
import { codeField } from './field.js'
import { askKey, canUseKeys, keyProblem } from './webauthn.js'

/** How a way to prove oneself is named where there are several. */
const names = {
  WEBAUTHN: () => 'Passkey or security key',
  DUO: () => 'Duo',
  TOTP: () => 'Code from your authenticator app',
  STATIC: () => 'One of your written codes',
  EMAIL: ({ email }) => `Code by mail${email ? ` to ${email}` : ''}`,
  SMS: ({ phone_number: number }) => `Code by text message${number ? ` to ${number}` : ''}`,
}
const words = { DELIVERY: 'Your code is being sent.', SENT: 'Your code was sent.' }

/** A second factor, or a passkey alone. */
export function validateScreen(turn) {
  const { challenge, memory, waiting } = turn
  if (challenge.configurationStages.length > 0) return setUpScreen(turn)
  const devices = challenge.deviceChallenges.filter(({ deviceClass }) => Object.hasOwn(names, deviceClass))
  if (devices.length === 0) return { content: [alert('This page knows none of the ways to prove yourself that are asked for.')] }
  passOver(turn)
  const chosen = chosenOf(turn, devices)
  if (waiting?.reason === 'APPROVAL' && chosen) return askedScreen(turn, chosen)
  if (!chosen && waiting?.reason === 'DELIVERY') return { ...typedScreen(turn, 'Type the code that you are sent.'), words }
  if (!chosen) return { content: [line('Please prove that it is you:'), choices(turn, devices)], names: { RESEND: null } }
  memory.device = chosen.deviceUid
  const others = devices.filter((device) => device !== chosen)
  const screen = screenFor(turn, chosen)
  return {
    ...screen,
    more: [...(screen.more ?? []), ...(others.length > 0 ? [line('Or use another way:'), choices(turn, others)] : [])],
  }
}

/** That a code went out is told as an empty answer, and is no mistake of anybody's. */
function passOver({ errors, answered, waiting, offered }) {
  const isSent = waiting?.reason === 'DELIVERY' || offered.includes('RESEND') || (answered?.selectedChallenge && !answered.code)
  if (isSent && errors.only('nonFieldErrors', 'Empty response')) errors('nonFieldErrors')
}

/** What the person has chosen, what the step tells of, or the only one that there is. */
function chosenOf({ challenge: { responseErrors }, memory, waiting }, devices) {
  const only = (...classes) => {
    const found = devices.filter(({ deviceClass }) => classes.includes(deviceClass))
    return found.length === 1 ? found[0] : undefined
  }
  if (waiting?.reason === 'APPROVAL') return only('DUO')
  const chosen = devices.find(({ deviceUid }) => deviceUid === memory.device)
  if (chosen) return chosen
  if (responseErrors.some(({ field }) => field === 'duo')) return only('DUO')
  const sent = waiting?.reason === 'DELIVERY' && only('EMAIL', 'SMS')
  if (sent) memory.sent = sent.deviceUid
  return sent || only(...Object.keys(names))
}

function screenFor(turn, chosen) {
  switch (chosen.deviceClass) {
    case 'WEBAUTHN':
      return keyScreen(turn, chosen)
    case 'DUO':
      return duoScreen(turn, chosen)
    case 'EMAIL':
    case 'SMS':
      return sentScreen(turn, chosen)
    default:
      return { ...typedScreen(turn, `${nameOf(chosen)}:`, chosen), names: { RESEND: null } }
  }
}

function choices({ memory, redraw }, devices) {
  const items = devices.map((device) => {
    const choose = button(nameOf(device), () => {
      memory.device = device.deviceUid
      redraw()
    })
    return element('li', {}, choose)
  })
  return element('ul', { class: 'ways' }, ...items)
}

function nameOf({ deviceClass, challenge }) {
  return names[deviceClass](challenge)
}

function keyScreen({ errors, send }, { challenge }) {
  if (!canUseKeys()) return { content: [alert('This browser has no passkeys, or the page was not sent over https.')] }
  const use = button('Use a passkey or security key', () => send(async () => ({ webauthn: await askKey(challenge) }), keyProblem))
  use.className = ''
  return { content: [...errors('webauthn').map(alert), use], focus: use, names: { RESEND: null } }
}

/** A code that is sent when it is asked for, and again when that is. */
function sentScreen(turn, device) {
  const { memory, send, answered, waiting, offered } = turn
  const { deviceClass, deviceUid } = device
  const isSending = waiting?.reason === 'DELIVERY'
  const asked = answered?.code ? undefined : answered?.selectedChallenge
  if (asked && (isSending || offered.includes('RESEND'))) memory.sent = asked.deviceUid
  if (memory.sent !== deviceUid) {
    const first = button('Send a code', () => send(async () => ({ selectedChallenge: { deviceClass, deviceUid } })))
    first.className = ''
    return { content: [line(nameOf(device)), first], focus: first, names: { RESEND: null } }
  }
  const text = isSending ? `${nameOf(device)}:` : 'A code is on its way.'
  return { ...typedScreen(turn, text, device), words, names: { RESEND: 'Send the code again' } }
}

function typedScreen({ errors }, text, device) {
  const { deviceClass, deviceUid } = device ?? {}
  const attributes = deviceClass === 'STATIC' ? { inputmode: 'text', autocomplete: 'off' } : {}
  return {
    content: [line(text), codeField(errors('code'), attributes)],
    submit: 'Continue',
    answer: (values) => ({ code: values.get('code'), ...(device && { selectedChallenge: { deviceClass, deviceUid } }) }),
  }
}

function setUpScreen({ challenge, send, errors }) {
  const items = challenge.configurationStages.map(({ pk, name }) => {
    return element(
      'li',
      {},
      button(name, () => send(async () => ({ selectedStage: pk }))),
    )
  })
  return {
    content: [
      line('You need another way to prove that it is you. What would you like to set up?'),
      ...errors('selectedStage').map(alert),
      element('ul', { class: 'ways' }, ...items),
    ],
  }
}
