import { Browser, type Step } from '../support/browser.ts'
import type { Account } from '../support/test-app.ts'

/** Somebody who signs in a step at a time, and knows after each what a page would know. */
export class Visitor {
  readonly account: Account
  /** The last step that the server told them. */
  step: Step | undefined
  browser = new Browser('http://127.0.0.1')

  constructor(account: Account) {
    this.account = account
  }

  /** Goes on at a node from the last step that came, with the same request if its reply was lost; false: the server went away. */
  async signIn(slug: string, url: string, heard: () => void = () => undefined): Promise<boolean> {
    this.browser = this.browser.at(url)
    while (this.step?.status !== 'FINISHED') {
      try {
        this.step = await this.next(slug)
      } catch (error) {
        // What `fetch` says of a connection that ended. Anything else is the server's own fault.
        if (error instanceof TypeError) return false
        throw error
      }
      heard()
    }
    return true
  }

  private next(slug: string): Promise<Step> {
    const { step, account } = this
    switch (step?.challenge.__typename) {
      case undefined:
        return this.browser.start(slug)
      case 'IdentificationChallenge':
        return this.browser.answer(step as Step, { identification: { uidField: account.username } })
      case 'PasswordChallenge':
        return this.browser.answer(step as Step, { password: { password: account.password } })
      default:
        throw new Error(`Nobody expects this step: ${JSON.stringify(step)}`)
    }
  }
}
