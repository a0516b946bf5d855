import { TLSSocket } from 'node:tls'

/** How many certificates are read of a chain. */
const longestChain = 10

/** What the client showed on this connection, in PEM: its own certificate, then the issuers it sent along. Nothing is proven by it. */
export function shownCertificate(socket: unknown): string | undefined {
  if (!(socket instanceof TLSSocket)) return undefined
  const chain: string[] = []
  let next = socket.getPeerX509Certificate()
  while (next && chain.length < longestChain) {
    chain.push(next.toString())
    next = next.issuerCertificate
  }
  return chain.length > 0 ? chain.join('') : undefined
}
