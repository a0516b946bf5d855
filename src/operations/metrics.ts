import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** What operators watch, in Prometheus' text form. */
export class Metrics {
  readonly registry = new Registry()
  readonly requests = new Histogram({
    name: 'stagedoor_http_request_duration_seconds',
    help: 'How long requests took.',
    labelNames: ['face', 'method', 'status'] as const,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [this.registry],
  })
  readonly events = new Counter({
    name: 'stagedoor_events_total',
    help: 'Entries of the audit trail, by action.',
    labelNames: ['action'] as const,
    registers: [this.registry],
  })

  constructor() {
    collectDefaultMetrics({ register: this.registry, prefix: 'stagedoor_' })
  }

  /** Reads how many subscriptions are open whenever somebody asks. */
  watchSubscriptions(count: () => number): void {
    new Gauge({
      name: 'stagedoor_subscriptions',
      help: 'How many subscriptions are open.',
      registers: [this.registry],
      collect() {
        this.set(count())
      },
    })
  }
}
