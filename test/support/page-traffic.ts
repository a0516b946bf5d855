import type { Page } from 'playwright-core'

/** What a page asks and hears over the network. */
export class PageTraffic {
  /** Names of operations that were sent by HTTP, in order. */
  readonly asked: string[] = []
  /** Sequences of the steps that came by themselves, over whatever connection, in order. */
  readonly pushed: number[] = []
  /** How many sockets were opened, and are open. */
  sockets = { opened: 0, open: 0 }

  constructor(page: Page) {
    page.on('request', (request) => {
      const name = /\b(startFlow|respond|performAction|flowExecution)\b/.exec(request.postData() ?? '')?.[1]
      if (name !== undefined) this.asked.push(request.headers().accept === 'text/event-stream' ? 'stream' : name)
    })
    page.on('websocket', (socket) => {
      this.sockets.opened += 1
      this.sockets.open += 1
      socket.on('close', () => {
        this.sockets.open -= 1
      })
      socket.on('framereceived', ({ payload }) => {
        const { type, payload: result } = JSON.parse(String(payload))
        if (type === 'next') this.pushed.push(result.data?.flowExecution.sequence)
      })
    })
  }

  /** From now on. */
  forget(): void {
    this.asked.length = 0
    this.pushed.length = 0
  }
}
