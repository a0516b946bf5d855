import type { DuoSettings } from '../../src/flow/duo.ts'
import { createAuthority, createCertificate } from './certificates.ts'
import { duoOutcomes, type FakeDuoUser } from './duo-account.ts'
import { DuoListener, type DuoServerOptions } from './duo-listener.ts'
import type { DuoTransaction, DuoTransactionRequest, DuoUpdate } from './duo-transaction.ts'

/**
 * A Duo of our own on loopback: HTTPS with an authority that only tests trust, signatures and parameters judged as Duo documents
 * them, and people whose phones do what a test says.
 */
export class DuoServer extends DuoListener {
  /** What a client asks the Auth API with. */
  get settings(): DuoSettings {
    return { ...this.auth, host: this.host }
  }

  /** What a client asks the Admin API with. */
  get adminSettings(): DuoSettings {
    return { ...this.admin, host: this.host }
  }

  /** What a stage is configured with to ask this Duo. */
  get stageConfig(): { clientId: string; clientSecret: string; apiHostname: string } {
    return { clientId: this.auth.integrationKey, clientSecret: this.auth.secretKey, apiHostname: this.host }
  }

  /** What it needs beside that to import devices. */
  get adminConfig(): { adminIntegrationKey: string; adminSecretKey: string } {
    return { adminIntegrationKey: this.admin.integrationKey, adminSecretKey: this.admin.secretKey }
  }

  /** The environment of a server that trusts this Duo. */
  get env(): Record<string, string> {
    return { DUO_CA_FILE: this.caFile }
  }

  /** Adds somebody with a phone that can be asked; `about` says what is remarkable about them. */
  add(username: string, about: Partial<Omit<FakeDuoUser, 'username'>> = {}): FakeDuoUser {
    return this.account.add(username, about)
  }

  /** Somebody by id or name, to change what Duo says of them. */
  user(who: string): FakeDuoUser {
    return this.account.get(who)
  }

  /** The person scans the code of their enrolment. */
  activate(who: string): void {
    this.account.activate(who)
  }

  /** The next push or call that somebody gets and no call has given out yet; waits for it. */
  async asked(who: string): Promise<DuoTransactionRequest> {
    return (await this.account.asked(who)).request
  }

  /** Resolves as soon as a server holds a question about the newest push of somebody's (or about a transaction, by its id). */
  polled(who: string): Promise<void> {
    return this.transaction(who).polled()
  }

  /** The pushes and calls that somebody got; everybody's, unless told. */
  pushes(who?: string): readonly DuoTransactionRequest[] {
    const transactions = who === undefined ? this.account.transactions : this.account.of(who)
    return transactions.filter(({ request }) => request.factor !== 'passcode').map(({ request }) => request)
  }

  /** The person approves their newest push, where it is to be verified with the code they typed. Tells whether that ended it. */
  approve(who: string, typed?: string): boolean {
    const transaction = this.transaction(who)
    const { verificationCode } = transaction.request
    if (verificationCode !== undefined && verificationCode !== typed) return false
    return transaction.update(duoOutcomes.allow)
  }

  deny(who: string): boolean {
    return this.update(who, duoOutcomes.deny)
  }

  /** The person says that they asked for nothing. */
  fraud(who: string): boolean {
    return this.update(who, duoOutcomes.fraud)
  }

  /** The person does nothing for a minute. */
  timeOut(who: string): boolean {
    return this.update(who, duoOutcomes.timeout)
  }

  /** Anything else that may happen, such as `{ result: 'waiting', status: 'answered', status_msg: ... }`. */
  update(who: string, update: DuoUpdate): boolean {
    return this.transaction(who).update(update)
  }

  private transaction(who: string): DuoTransaction {
    const transaction = this.account.transaction(who)
    if (!transaction) throw new Error(`Duo asked ${who} for nothing.`)
    return transaction
  }
}

/** Starts a Duo on a free port of loopback. */
export async function startDuoServer(options: DuoServerOptions = {}): Promise<DuoServer> {
  const day = 86_400_000
  // TLS knows no other clock than the machine's.
  const validity = { notBefore: new Date(Date.now() - day), notAfter: new Date(Date.now() + day) }
  const authority = await createAuthority(validity)
  const { pem, keyPem } = await createCertificate({
    ...validity,
    subject: [{ CN: ['api-00000000.duosecurity.test'] }],
    issuer: authority,
    names: [
      { type: 'ip', value: '127.0.0.1' },
      { type: 'dns', value: 'localhost' },
    ],
  })
  const server = new DuoServer(options, { ca: authority.pem, cert: pem, key: keyPem })
  await server.listen()
  return server
}
