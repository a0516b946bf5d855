import { validateScreen } from './authenticator-validate.js'
import { emailDeviceScreen, smsDeviceScreen, staticScreen, totpScreen, webauthnScreen } from './authenticators.js'
import { captcha } from './captcha.js'
import { continueScreen } from './continue.js'
import { alert, button, element, line, link, mayLead } from './dom.js'
import { duoDeviceScreen } from './duo.js'
import { field, passwordField } from './field.js'
import { identificationScreen } from './identification.js'
import { promptScreen } from './prompt.js'

/**
 * How each challenge looks. A screen has `content`, a `submit` button with the `answer` it sends, `more` below it, and what
 * gets the `focus` where it is not the first field. One that is `over` ends the flow on this page, and one that `leads` on
 * offers nothing else. `words` say what is awaited and how a message fares, `names` what the step's actions are called.
 */
export const screens = {
  AccessDeniedChallenge: ({ challenge }) => ({ content: [alert(challenge.errorMessage)], over: true }),
  AuthenticatorDuoChallenge: duoDeviceScreen,
  AuthenticatorEmailChallenge: emailDeviceScreen,
  AuthenticatorSmsChallenge: smsDeviceScreen,
  AuthenticatorStaticChallenge: staticScreen,
  AuthenticatorTotpChallenge: totpScreen,
  AuthenticatorValidateChallenge: validateScreen,
  AuthenticatorWebauthnChallenge: webauthnScreen,
  CaptchaChallenge: captchaScreen,
  ConsentChallenge: consentScreen,
  ContinueChallenge: continueScreen,
  DummyChallenge: ({ challenge }) => ({ content: [line(challenge.name)], submit: 'Continue', answer: () => ({}) }),
  EmailChallenge: emailScreen,
  FlowErrorChallenge: flowErrorScreen,
  IdentificationChallenge: identificationScreen,
  PasswordChallenge: passwordScreen,
  PromptChallenge: promptScreen,
  RedirectChallenge: redirectScreen,
  SourceChallenge: redirectScreen,
  UserLoginChallenge: userLoginScreen,
}

function passwordScreen({ challenge, errors }) {
  return {
    content: [
      // Password managers look for whom a password belongs to.
      element('input', {
        name: 'username',
        autocomplete: 'username',
        value: challenge.pendingUser,
        readonly: true,
        hidden: true,
      }),
      passwordField({ allowShow: challenge.allowShowPassword, errors: errors('password') }),
    ],
    submit: 'Continue',
    answer: (values) => ({ password: values.get('password') }),
    more: challenge.recoveryUrl ? [line(link(challenge.recoveryUrl, 'Forgot your password?'))] : [],
  }
}

/** The link in the mail leads on, where it is opened; here another mail can be asked for. */
function emailScreen({ errors, answered }) {
  const names = { RESEND: 'Send the mail again' }
  if (errors.has('confirmed-elsewhere')) {
    const told = errors('nonFieldErrors').join(' ')
    return { content: [line(told)], names, news: told }
  }
  const again = 'The mail was asked for again. Look into your inbox, and among spam.'
  if (errors.only('nonFieldErrors', 'email-sent')) errors('nonFieldErrors')
  return {
    content: answered?.action === 'RESEND' ? [line(again)] : [],
    words: {
      CONFIRMATION: 'Look into your inbox, and open the link in the mail to go on.',
      QUEUED: 'The mail is being sent.',
      SENT: 'The mail was sent.',
      FAILED: 'The mail could not be sent.',
    },
    names,
  }
}

function consentScreen({ challenge, perform }) {
  const { headerText, permissions, additionalPermissions, token } = challenge
  return {
    content: [
      ...(headerText ? [line(headerText)] : []),
      ...permissionList(headerText ? 'It wants:' : 'You are asked to allow:', permissions),
      ...permissionList('New since you agreed last:', additionalPermissions),
    ],
    submit: 'Continue',
    answer: () => ({ token }),
    more: [button('Decline', () => perform('CANCEL'))],
  }
}

function permissionList(title, permissions) {
  if (permissions.length === 0) return []
  return [line(title), element('ul', {}, ...permissions.map(({ name }) => element('li', {}, name)))]
}

/** Goes on by itself, once: who was refused tries again when they like. */
function captchaScreen({ challenge, errors, signal, send }) {
  const refused = errors('token')
  const { node, token } = captcha(challenge, signal)
  if (token === null) return { content: [node] }
  const answer = async () => ({ token: await token })
  if (refused.length === 0) token.then(() => send(answer)).catch(() => undefined)
  return { content: [...refused.map(alert), node], submit: 'Continue', answer }
}

function userLoginScreen({ errors }) {
  const control = element('input', { type: 'checkbox', name: 'rememberMe' })
  return {
    content: [field('Stay signed in on this device', control, { errors: errors('rememberMe') })],
    submit: 'Continue',
    answer: () => ({ rememberMe: control.checked }),
  }
}

/** Who has just failed to come back is not sent away again unasked. */
function redirectScreen({ challenge: { to, responseErrors } }) {
  if (responseErrors.length > 0) return { content: [line(link(to, 'Try again'))] }
  if (mayLead(to)) location.assign(to)
  return { content: [line('You are being led on ... ', link(to, 'Go on'))], over: true, leads: true }
}

function flowErrorScreen({ challenge: { requestId, error, traceback }, reread }) {
  return {
    content: [
      alert(`Something broke on the server. Report ${requestId} to whoever runs it.`),
      ...(error ? [line(error)] : []),
      ...(traceback ? [element('pre', {}, traceback)] : []),
      button('Try again', reread),
    ],
  }
}
