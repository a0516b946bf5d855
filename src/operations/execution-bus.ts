import { createRedisEventTarget } from '@graphql-yoga/redis-event-target'
import { createPubSub } from 'graphql-yoga'
import type { Redis } from 'ioredis'
import type { ExecutionEvents } from '../flow/ports.ts'

/** That an execution has changed; who listens reads it again. */
export interface ExecutionChanged {
  readonly executionId: string
  readonly sequence: number
}

/** Carries changes to listeners: in memory, or through Redis to those on other nodes. */
export class ExecutionBus implements ExecutionEvents {
  private readonly pubSub

  constructor(redis?: { readonly publish: Redis; readonly subscribe: Redis }) {
    const remote = redis
      ? { eventTarget: createRedisEventTarget({ publishClient: redis.publish, subscribeClient: redis.subscribe }) }
      : {}
    this.pubSub = createPubSub<{ execution: [id: string, change: ExecutionChanged] }>(remote)
  }

  publish(change: ExecutionChanged): void {
    this.pubSub.publish('execution', change.executionId, change)
  }

  /** Listening has begun when this returns. */
  changesOf(executionId: string): AsyncIterable<ExecutionChanged> & { return(): unknown } {
    return this.pubSub.subscribe('execution', executionId)
  }
}
