import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createPasswordHasher } from '../src/credentials/password-hasher.ts'
import { password } from './journeys.ts'

/** The least that a sign-in can cost: one request, one password check, nothing stored and nothing looked up. */
const hasher = createPasswordHasher({ algorithm: process.env.PASSWORD_HASHER === 'benchmark' ? 'benchmark' : 'argon2id' })
const stored = await hasher.hash(password)

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', async () => {
    const { matches } = await hasher.verify(JSON.parse(Buffer.concat(chunks).toString('utf8')).password, stored)
    response.writeHead(matches ? 200 : 403, { 'content-type': 'application/json' }).end('{}')
  })
})
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`The floor listens on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`)
})
