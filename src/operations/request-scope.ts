import { AsyncLocalStorage } from 'node:async_hooks'

const scope = new AsyncLocalStorage<{ readonly requestId: string }>()

/** Runs work so that whatever it logs bears the request's id. */
export function withRequestId<Result>(requestId: string, work: () => Result): Result {
  return scope.run({ requestId }, work)
}

/** The id of the request that is being served; undefined outside of one. */
export function currentRequestId(): string | undefined {
  return scope.getStore()?.requestId
}
