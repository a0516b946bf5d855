import { alert, button, element, line } from './dom.js'
import { codeField } from './field.js'
import { askKey, canUseKeys, keyProblem } from './webauthn.js'

/** How a way to prove oneself is named where there are several. */
const names = {
  WEBAUTHN: () => 'Passkey or security key',
  TOTP: () => 'Code from your authenticator app',
  STATIC: () => 'One of your written codes',
  EMAIL: ({ email }) => `Code by mail${email ? ` to ${email}` : ''}`,
  SMS: ({ phone_number: number }) => `Code by text message${number ? ` to ${number}` : ''}`,
}

/** A second factor, or a passkey alone. */
export function validateScreen(turn) {
  const { challenge, memory } = turn
  const devices = challenge.deviceChallenges.filter(({ deviceClass }) => Object.hasOwn(names, deviceClass))
  if (challenge.configurationStages.length > 0) return setUpScreen(turn)
  if (devices.length === 0) return { content: [alert('This page knows none of the ways to prove yourself that are asked for.')] }
  const chosen = devices.find(({ deviceUid }) => deviceUid === memory.device) ?? (devices.length === 1 ? devices[0] : undefined)
  if (!chosen) return { content: [line('Please prove that it is you:'), choices(turn, devices)] }
  const others = devices.filter((device) => device !== chosen)
  const screen = chosen.deviceClass === 'WEBAUTHN' ? keyScreen(turn, chosen) : codeScreen(turn, chosen)
  return {
    ...screen,
    more: [...(screen.more ?? []), ...(others.length > 0 ? [line('Or use another way:'), choices(turn, others)] : [])],
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
  return { content: [...errors('webauthn').map(alert), use], focus: use }
}

function codeScreen(turn, device) {
  const { errors, memory, send, answered } = turn
  const { deviceClass, deviceUid } = device
  const selectedChallenge = { deviceClass, deviceUid }
  const isSent = deviceClass === 'EMAIL' || deviceClass === 'SMS'
  // That a code went out is told as an empty answer.
  if (answered?.selectedChallenge && !answered.code && errors.only('nonFieldErrors', 'Empty response')) {
    errors('nonFieldErrors')
    memory.sent = deviceUid
  }
  const sendCode = (text) => button(text, () => send(async () => ({ selectedChallenge })))
  if (isSent && memory.sent !== deviceUid) {
    const first = sendCode('Send a code')
    first.className = ''
    return { content: [line(nameOf(device)), first], focus: first }
  }
  const attributes = deviceClass === 'STATIC' ? { inputmode: 'text', autocomplete: 'off' } : {}
  return {
    content: [line(isSent ? 'A code is on its way.' : `${nameOf(device)}:`), codeField(errors('code'), attributes)],
    submit: 'Continue',
    answer: (values) => ({ code: values.get('code'), selectedChallenge }),
    more: isSent ? [sendCode('Send the code again')] : [],
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
