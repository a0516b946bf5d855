import { constants } from 'node:crypto'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { TlsMaterial } from '../tls-files.ts'

/** How the server itself encrypts. */
export interface TlsSettings extends TlsMaterial {
  /** Whether clients are asked for a certificate: browsers that have one then let people choose. */
  readonly asksClients: boolean
}

const limits = { requestTimeout: 30_000, headersTimeout: 10_000, maxHeaderSize: 16_384 }

/** A server that does not listen yet: over TLS where there is a certificate, else plain, with the same limits. */
export function createListener(listener: RequestListener, tls?: TlsSettings): Server {
  if (!tls) return createServer(limits, listener)
  const { asksClients, ...material } = tls
  return createTlsServer(
    {
      ...limits,
      ...material,
      minVersion: 'TLSv1.2',
      // Clients that are asked for a certificate may have none; a stage judges by whom it is issued.
      requestCert: asksClients,
      rejectUnauthorized: false,
      // A resumed connection would bring the client's certificate without its issuers.
      secureOptions: constants.SSL_OP_NO_TICKET,
    },
    listener,
  )
}
