import { captcha } from './captcha.js'
import { button, element, line, link, urlOf } from './dom.js'
import { field, passwordField } from './field.js'
import { askKey, canFillIn, canUseKeys, keyProblem } from './webauthn.js'

const remembered = 'stagedoor.identifier'

/** Who somebody is, by a name, a passkey or another place. */
export function identificationScreen(turn) {
  const { challenge, errors, signal } = turn
  const asksName = (challenge.userFields ?? []).length > 0
  const name = asksName && nameControl(challenge)
  const memo = asksName && challenge.enableRememberMe && element('input', { type: 'checkbox', name: 'remember' })
  if (memo && readMemo() !== '') memo.checked = true
  const proof = asksName && challenge.captchaStage && captcha(challenge.captchaStage, signal)
  const content = [
    ...(name ? [field(nameLabel(challenge.userFields), name, { errors: errors('uidField') })] : []),
    ...(asksName && challenge.passwordFields
      ? [passwordField({ allowShow: challenge.allowShowPassword, errors: errors('password') })]
      : []),
    ...(memo ? [field('Remember my name in this browser', memo)] : []),
    ...(proof ? [proof.node] : []),
  ]
  return {
    content,
    submit: asksName && proof?.token !== null ? challenge.primaryAction : undefined,
    answer: async (values) => {
      if (memo) writeMemo(memo.checked ? values.get('uidField') : '')
      const password = values.get('password')
      return {
        uidField: values.get('uidField'),
        ...(password !== null && { password }),
        ...(proof && { captchaToken: await proof.token }),
      }
    },
    more: [...passkeyButton(turn), ...sources(challenge), ...links(challenge)],
  }
}

function nameControl({ userFields, pendingUserIdentifier, enableRememberMe, passkeyChallenge }) {
  return element('input', {
    name: 'uidField',
    type: 'text',
    inputmode: userFields.every((kind) => kind === 'EMAIL') ? 'email' : undefined,
    autocomplete: passkeyChallenge ? 'username webauthn' : 'username',
    autocapitalize: 'off',
    spellcheck: 'false',
    maxlength: 254,
    required: true,
    value: pendingUserIdentifier ?? (enableRememberMe ? readMemo() : ''),
  })
}

function nameLabel(userFields) {
  const names = { USERNAME: 'user name', EMAIL: 'e-mail address', UPN: 'login of your organisation' }
  const order = ['USERNAME', 'EMAIL', 'UPN'].filter((kind) => userFields.includes(kind))
  const text = order.map((kind) => names[kind]).join(' or ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** The button, and passkeys in the field for as long as neither it nor anything else was used. */
function passkeyButton({ challenge: { passkeyChallenge, responseErrors }, signal, send }) {
  if (!passkeyChallenge || !canUseKeys()) return []
  const offer = new AbortController()
  signal.addEventListener('abort', () => offer.abort())
  // Who was refused is not asked again unasked.
  if (responseErrors.length === 0) fillIn(passkeyChallenge, offer.signal, send)
  return [
    button('Use a passkey', () => {
      offer.abort()
      send(async () => ({ passkey: await askKey(passkeyChallenge) }), keyProblem)
    }),
  ]
}

async function fillIn(passkeyChallenge, signal, send) {
  if (!(await canFillIn()) || signal.aborted) return
  // Most people choose none: that, and a browser that cannot after all, is no failure.
  const passkey = await askKey(passkeyChallenge, { mediation: 'conditional', signal }).catch(() => undefined)
  if (passkey && !signal.aborted) send(async () => ({ passkey }))
}

function sources({ sources: offered, showSourceLabels }) {
  if (offered.length === 0) return []
  const items = offered.map(({ name, iconUrl, promoted, challenge: { to } }) => {
    const picture = iconUrl && element('img', { src: iconUrl, alt: showSourceLabels ? '' : name, width: 24, height: 24 })
    const way = link(withQuery(to), picture && !showSourceLabels ? picture : `Sign in with ${name}`, { class: 'way' })
    if (picture && showSourceLabels) way.prepend(picture)
    return element('li', promoted ? { class: 'promoted' } : {}, way)
  })
  return [element('ul', { class: 'ways', 'aria-label': 'Other ways to sign in' }, ...items)]
}

/** Where to go on afterwards stands in this page's address. */
function withQuery(to) {
  const url = urlOf(to)
  if (!url || url.origin !== location.origin) return to
  for (const [key, value] of new URLSearchParams(location.search))
    if (!url.searchParams.has(key)) url.searchParams.append(key, value)
  return url.href
}

function links({ enrollUrl, recoveryUrl, passwordlessUrl }) {
  const ways = [
    [passwordlessUrl, 'Sign in without a password'],
    [recoveryUrl, 'Forgot your name or password?'],
    [enrollUrl, 'Create an account'],
  ]
  return ways.filter(([href]) => href).map(([href, text]) => line(link(href, text)))
}

// A browser may keep nothing for pages: then nothing is remembered.

function readMemo() {
  try {
    return localStorage.getItem(remembered) ?? ''
  } catch {
    return ''
  }
}

function writeMemo(name) {
  try {
    if (name) localStorage.setItem(remembered, name)
    else localStorage.removeItem(remembered)
  } catch {
    // As above.
  }
}
