import { alert, button, element, line, link } from './dom.js'
import { codeField } from './field.js'

const factors = { push: (name) => `Send a push to ${name}`, phone: (name) => `Call ${name}` }

/** Ways to prove oneself with Duo: each is asked for, and nothing is by itself. */
export function duoScreen(turn, device) {
  const { errors, offered, allowed } = turn
  // Who has asked too often can still type a passcode.
  const isTooSoon = offered.includes('RESEND') && !allowed.includes('RESEND')
  const requests = isTooSoon ? [] : requestsFor(turn, device)
  return {
    content: [
      ...errors('duo').map(alert),
      ...requests,
      line(`${isTooSoon ? 'Type' : 'Or type'} a passcode, which the app or your token shows:`),
      codeField(errors('code')),
    ],
    submit: 'Continue',
    answer: (values) => ({ duo: device.deviceUid, code: values.get('code') }),
    focus: requests[0],
    names: { RESEND: isTooSoon ? 'Ask again' : null },
  }
}

function requestsFor({ offered, send, perform }, { deviceUid, challenge: { devices = [] } }) {
  const ask = (text, more) => button(text, () => send(async () => ({ duo: deviceUid, ...more })))
  const first = offered.includes('RESEND') ? button('Ask again', () => perform('RESEND')) : ask('Ask me on my device')
  first.className = ''
  const ways = devices.flatMap(({ id, name, factors: known }) => {
    return known
      .filter((factor) => Object.hasOwn(factors, factor))
      .map((factor) => ask(factors[factor](name), { duoFactor: factor.toUpperCase(), duoDevice: id }))
  })
  return [first, ...(ways.length > 0 ? ways : [ask('Call me', { duoFactor: 'PHONE' })])]
}

/** Duo has asked, or is about to: the person decides on their device. */
export function askedScreen({ errors }, { challenge: { verification_code: code } }) {
  return {
    content: [
      ...errors('duo').map(alert),
      ...(code ? [line('Type this number into the app:'), element('p', { class: 'number' }, code)] : []),
    ],
    words: { APPROVAL: 'Approve on your device.' },
    ...(code && { news: `Approve on your device. Type this number into the app: ${[...code].join(' ')}` }),
  }
}

/** Sets up a telephone with Duo's app. */
export function duoDeviceScreen({ challenge: { activationBarcode, activationCode, activationUrl, problem } }) {
  const names = { RESEND: 'Try again' }
  if (problem) return { content: [alert(problem)], names }
  const picture = element('img', {
    class: 'qr',
    src: activationBarcode,
    alt: 'QR code for Duo Mobile',
    width: 220,
    height: 220,
    referrerpolicy: 'no-referrer',
  })
  // Duo draws it: where it cannot be reached from here, the link is left.
  picture.addEventListener('error', () => picture.replaceWith(line('The QR code could not be loaded.')))
  return {
    content: [
      line('Install Duo Mobile on your telephone, and scan this with it.'),
      picture,
      line(link(activationUrl ?? activationCode, 'Set up Duo Mobile on this device')),
    ],
    words: { ACTIVATION: 'This page goes on as soon as Duo Mobile is set up.' },
    names,
  }
}
