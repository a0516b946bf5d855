import { refusal } from './api.js'

/** How long a socket may take until it is good for something (milliseconds). */
const openWithin = 8000
/** How often a quiet one is asked whether anybody is there: one that was cut off says nothing (milliseconds). */
const pulse = 15_000

/**
 * Runs a subscription over `graphql-transport-ws`, in a socket of its own. Resolves when it is complete, or the signal aborts;
 * rejects when the connection ends before, and with a `code` where the server refused.
 */
export function overSocket({ query, variables, tell, hear, signal }) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/graphql`, 'graphql-transport-ws')
    const send = (message) => socket.send(JSON.stringify(message))
    let asked = false

    const end = (problem) => {
      clearTimeout(late)
      clearInterval(beat)
      signal.removeEventListener('abort', leave)
      socket.onmessage = socket.onclose = null
      // Browsers complain of sockets that are closed before they are open.
      if (socket.readyState === WebSocket.CONNECTING && !problem) socket.onopen = () => socket.close(1000)
      else socket.close(1000)
      if (problem) reject(problem)
      else resolve()
    }
    const leave = () => end()
    const late = setTimeout(() => end(new Error('The socket took too long to open.')), openWithin)
    const beat = setInterval(() => {
      if (socket.readyState !== WebSocket.OPEN) return
      if (asked) return end(new Error('The socket was cut off.'))
      asked = true
      send({ type: 'ping' })
    }, pulse)
    signal.addEventListener('abort', leave, { once: true })

    const on = {
      connection_ack: () => {
        clearTimeout(late)
        hear()
        send({ id: '1', type: 'subscribe', payload: { query, variables } })
      },
      next: ({ payload }) => (payload.errors ? end(refusal(payload.errors)) : tell(payload.data)),
      error: ({ payload }) => end(refusal(payload)),
      complete: () => end(),
      ping: () => send({ type: 'pong' }),
      pong: () => undefined,
    }
    socket.onopen = () => send({ type: 'connection_init' })
    socket.onclose = ({ code }) => end(new Error(`The socket was closed (${code}).`))
    socket.onmessage = ({ data }) => {
      asked = false
      const message = parsed(data)
      if (!Object.hasOwn(on, message?.type)) return end(new Error('The socket does not speak graphql-transport-ws.'))
      on[message.type](message)
    }
  })
}

function parsed(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
