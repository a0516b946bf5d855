/** What is known of a message that was not sent. */
export interface FailureFacts extends ErrorOptions {
  /** Whether it is of no use to try again. */
  readonly permanent: boolean
  /** What operators want to know beside; names neither secrets nor whom the message was for. */
  readonly detail?: string
}

/** Why a message was not sent. */
export class DeliveryFailure extends Error {
  override readonly name = 'DeliveryFailure'
  readonly permanent: boolean
  readonly detail: string | undefined

  constructor(message: string, { permanent, detail, ...options }: FailureFacts) {
    super(message, options)
    this.permanent = permanent
    this.detail = detail
  }
}
