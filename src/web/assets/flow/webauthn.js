/** Whether passkeys and security keys can be used here: not on pages that were not sent over https. */
export function canUseKeys() {
  return globalThis.isSecureContext && 'PublicKeyCredential' in globalThis
}

/** Whether this browser offers passkeys in the field where a name is typed. */
export async function canFillIn() {
  return canUseKeys() && (await PublicKeyCredential.isConditionalMediationAvailable?.()) === true
}

/** Makes a key: from `PublicKeyCredentialCreationOptionsJSON` to `RegistrationResponseJSON`. */
export async function createKey(json) {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON?.(json) ?? creationOptions(json)
  return asJson(await navigator.credentials.create({ publicKey }))
}

/** Asks a key: from `PublicKeyCredentialRequestOptionsJSON` to `AuthenticationResponseJSON`. */
export async function askKey(json, options = {}) {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON?.(json) ?? requestOptions(json)
  return asJson(await navigator.credentials.get({ publicKey, ...options }))
}

/** Why a key was not used, in words for the person. */
export function keyProblem({ name, message }) {
  switch (name) {
    case 'NotAllowedError':
    case 'AbortError':
      return 'The key was not used, or not in time. Please try again.'
    case 'InvalidStateError':
      return 'This key is set up already.'
    case 'SecurityError':
      return 'Keys cannot be used at this address.'
    default:
      return message
  }
}

// Browsers before 2025 neither read nor write the JSON themselves.

function creationOptions(json) {
  const { challenge, user, excludeCredentials = [] } = json
  return {
    ...json,
    challenge: bytes(challenge),
    user: { ...user, id: bytes(user.id) },
    excludeCredentials: excludeCredentials.map(withBytes),
  }
}

function requestOptions(json) {
  return { ...json, challenge: bytes(json.challenge), allowCredentials: (json.allowCredentials ?? []).map(withBytes) }
}

function withBytes(credential) {
  return { ...credential, id: bytes(credential.id) }
}

function asJson(credential) {
  if (typeof credential.toJSON === 'function') return credential.toJSON()
  const { id, type, rawId, authenticatorAttachment, response } = credential
  const known = ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle']
  const parts = known.filter((part) => response[part]).map((part) => [part, text(response[part])])
  return {
    id,
    type,
    rawId: text(rawId),
    ...(authenticatorAttachment && { authenticatorAttachment }),
    clientExtensionResults: credential.getClientExtensionResults(),
    response: { ...Object.fromEntries(parts), ...(response.getTransports && { transports: response.getTransports() }) },
  }
}

function bytes(base64url) {
  const binary = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(binary, (character) => character.charCodeAt(0))
}

function text(buffer) {
  const binary = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join('')
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
