import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { Agent, get } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { authorizationHeader, canonicalParameters, dateHeader } from '../src/duo/signature.ts'
import type { FloorRequest } from './streams/floor.ts'

/** The least that telling somebody can cost: bare sockets, and one held question to Duo; nothing stored, nothing looked up. */
const { DUO_CA_FILE = '', DUO_HOST = '', DUO_INTEGRATION_KEY = '', DUO_SECRET_KEY = '' } = process.env
const agent = new Agent({ keepAlive: true, ...(DUO_CA_FILE && { ca: readFileSync(DUO_CA_FILE, 'utf8') }) })
const audience = new Map<WebSocket, number>()

const server = createServer()
new WebSocketServer({ server }).on('connection', (socket) => {
  socket.on('message', (data: Buffer) => take(socket, JSON.parse(data.toString('utf8'))))
  socket.on('close', () => audience.delete(socket))
})
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`The floor listens on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`)
})

function take(socket: WebSocket, request: FloorRequest): void {
  switch (request.type) {
    case 'echo':
      socket.send(message('0', request.payload))
      break
    case 'join':
      audience.set(socket, request.times)
      socket.send(message('0', {}))
      break
    case 'tell':
      for (const [listener, times] of audience) {
        for (let id = 0; id < times; id += 1) listener.send(message(String(id), request.payload))
      }
      break
    case 'follow':
      follow(socket, request.txid)
  }
}

function message(id: string, payload: object): string {
  return JSON.stringify({ id, type: 'next', payload })
}

/** Asks until the person has decided, and passes that on. */
function follow(socket: WebSocket, txid: string): void {
  const [method, path, parameters] = ['GET', '/auth/v2/auth_status', { txid }] as const
  const date = dateHeader(new Date())
  const keys = { integrationKey: DUO_INTEGRATION_KEY, secretKey: DUO_SECRET_KEY }
  const authorization = authorizationHeader({ ...keys, method, host: DUO_HOST, path, parameters, date })
  get(`https://${DUO_HOST}${path}?${canonicalParameters(parameters)}`, { agent, headers: { date, authorization } }, (reply) => {
    const chunks: Buffer[] = []
    reply.on('data', (chunk: Buffer) => chunks.push(chunk))
    reply.on('end', () => {
      const { response } = JSON.parse(Buffer.concat(chunks).toString('utf8'))
      if (response.result === 'waiting') follow(socket, txid)
      else socket.send(message('0', response))
    })
  })
}
