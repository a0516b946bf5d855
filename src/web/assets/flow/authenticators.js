import { alert, button, element, line, link, urlOf } from './dom.js'
import { codeField, field } from './field.js'
import { canUseKeys, createKey, keyProblem } from './webauthn.js'

/** Sets up an app that shows codes. */
export function totpScreen({ challenge: { configUrl, qrCode }, errors }) {
  const secret = urlOf(configUrl)?.searchParams.get('secret') ?? ''
  return {
    content: [
      line('Scan this with your authenticator app, then type the code that it shows.'),
      element('img', { class: 'qr', src: qrCode, alt: 'QR code for your authenticator app', width: 220, height: 220 }),
      line(link(configUrl, 'Open in an app on this device')),
      line('Or type this key into the app: ', element('code', {}, (secret.match(/.{1,4}/g) ?? []).join(' '))),
      codeField(errors('code')),
    ],
    submit: 'Continue',
    answer: (values) => ({ code: values.get('code') }),
  }
}

/** Gives out codes to be written down. */
export function staticScreen({ challenge: { codes } }) {
  return {
    content: [
      line('Write these codes down and keep them safe. Each signs you in once, and they are not shown again.'),
      element(
        'ul',
        { class: 'codes', 'aria-label': 'Codes' },
        ...codes.map((code) => element('li', {}, element('code', {}, code))),
      ),
    ],
    submit: 'I have written them down',
    answer: () => ({}),
    more: copyButton(codes.join('\n')),
  }
}

function copyButton(text) {
  if (!navigator.clipboard) return []
  const copy = button('Copy the codes', async () => {
    copy.textContent = await navigator.clipboard.writeText(text).then(
      () => 'Copied',
      () => 'The browser does not let this page copy',
    )
  })
  return [copy]
}

/** Sets up a mailbox that codes are sent to. */
export function emailDeviceScreen(turn) {
  const { email, emailRequired } = turn.challenge
  return sentCodeScreen(turn, {
    key: 'email',
    label: 'E-mail address',
    attributes: { type: 'email', autocomplete: 'email', maxlength: 254 },
    sentTo: emailRequired ? null : (email ?? 'you'),
  })
}

/** Sets up a telephone that codes are sent to. */
export function smsDeviceScreen(turn) {
  const { phoneNumber, phoneNumberRequired } = turn.challenge
  return sentCodeScreen(turn, {
    key: 'phoneNumber',
    label: 'Phone number',
    hint: 'With the country: +1 555 0100',
    attributes: { type: 'tel', autocomplete: 'tel', maxlength: 64 },
    sentTo: phoneNumberRequired ? null : (phoneNumber ?? 'your phone'),
  })
}

/** First an address, then the code that was sent there. */
function sentCodeScreen({ challenge, errors, memory, redraw, answered, waiting }, { key, label, hint, attributes, sentTo }) {
  if (answered?.[key] && challenge.responseErrors.length === 0) memory.elsewhere = false
  const known = {
    words: { DELIVERY: 'Your code is being sent.', SENT: 'Your code was sent.' },
    names: { RESEND: 'Send the code again' },
  }
  if (sentTo === null || memory.elsewhere) {
    const control = element('input', { name: key, required: true, value: memory.address ?? '', ...attributes })
    return {
      ...known,
      content: [field(label, control, { hint, errors: errors(key) })],
      submit: 'Send a code',
      answer: (values) => {
        memory.address = values.get(key)
        return { [key]: memory.address }
      },
    }
  }
  const elsewhere = button('Send the code elsewhere', () => {
    memory.elsewhere = true
    redraw()
  })
  return {
    ...known,
    content: [line(waiting ? `It goes to ${sentTo}.` : `A code was sent to ${sentTo}.`), codeField(errors('code'))],
    submit: 'Continue',
    answer: (values) => ({ code: values.get('code') }),
    more: [elsewhere],
  }
}

/** Sets up a passkey or a security key. */
export function webauthnScreen({ challenge: { registration }, errors, send }) {
  if (!canUseKeys()) return { content: [alert('This browser has no passkeys, or the page was not sent over https.')] }
  const set = button('Set up a passkey or security key', () => {
    send(async () => ({ response: await createKey(registration) }), keyProblem)
  })
  set.className = ''
  return {
    content: [
      line('Your browser will ask you to confirm with your device or with a security key.'),
      ...errors('response').map(alert),
      set,
    ],
    focus: set,
  }
}
