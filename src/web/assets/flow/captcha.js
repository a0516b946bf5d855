import { alert, element, urlOf } from './dom.js'

const mostWorkers = 8

/** What stands for a captcha on a screen, and its token once it is solved; null where this page cannot solve it. */
export function captcha({ altcha, jsUrl }, signal) {
  const problem = altcha ? workProblem(altcha) : providerProblem(jsUrl)
  if (problem) return { node: alert(problem), token: null }
  const node = element('p', { role: 'status' }, 'Proving that you are no machine ...')
  const token = proveWork(altcha, signal)
  token.then(
    () => node.replaceChildren('Proven that you are no machine.'),
    () => !signal.aborted && node.replaceChildren('The proof that you are no machine failed. Please load this page again.'),
  )
  return { node, token }
}

function workProblem({ parameters }) {
  if (!globalThis.isSecureContext) return 'This step works over https only.'
  return /^PBKDF2\/SHA-(?:256|384|512)$/.test(parameters.algorithm) ? '' : `This page cannot solve ${parameters.algorithm}.`
}

/** A script of somebody else could read all that is typed here. */
function providerProblem(jsUrl) {
  const host = urlOf(jsUrl)?.host ?? jsUrl
  return `This step asks for a captcha of ${host}, whose script this page does not load. Please sign in where your application leads you.`
}

async function proveWork({ parameters, signature }, signal) {
  const count = Math.min(mostWorkers, navigator.hardwareConcurrency || 1)
  const workers = Array.from({ length: count }, () => {
    return new Worker(new URL('./proof-of-work-worker.js', import.meta.url), { type: 'module' })
  })
  try {
    const left = new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))
    const tries = workers.map((worker, first) => solution(worker, { parameters, first, step: count }))
    const found = await Promise.race([left, ...tries])
    return btoa(JSON.stringify({ challenge: { parameters, signature }, solution: found }))
  } finally {
    for (const worker of workers) worker.terminate()
  }
}

function solution(worker, task) {
  return new Promise((resolve, reject) => {
    worker.addEventListener('message', ({ data }) => resolve(data))
    worker.addEventListener('error', () => reject(new Error('The proof of work failed.')))
    worker.postMessage(task)
  })
}
