// Tries every n-th counter until the derived key begins as the task wants it (ALTCHA, PBKDF2).

globalThis.addEventListener('message', async ({ data: { parameters, first, step } }) => {
  globalThis.postMessage(await solve(parameters, first, step))
})

async function solve({ algorithm, nonce, salt, cost, keyLength = 32, keyPrefix }, first, step) {
  const begun = performance.now()
  const prefix = fromHex(keyPrefix)
  const rounds = { name: 'PBKDF2', salt: fromHex(salt), iterations: cost, hash: algorithm.slice('PBKDF2/'.length) }
  const secret = new Uint8Array([...fromHex(nonce), 0, 0, 0, 0])
  const view = new DataView(secret.buffer)
  for (let counter = first; counter <= 0xffffffff; counter += step) {
    view.setUint32(secret.length - 4, counter)
    const password = await crypto.subtle.importKey('raw', secret, 'PBKDF2', false, ['deriveBits'])
    const key = new Uint8Array(await crypto.subtle.deriveBits(rounds, password, keyLength * 8))
    if (prefix.every((byte, index) => byte === key[index]))
      return { counter, derivedKey: toHex(key), time: Math.round(performance.now() - begun) }
  }
  throw new Error('The task has no solution.')
}

function fromHex(hex) {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

function toHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
