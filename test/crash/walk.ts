import { Browser, type Step, stepFields } from '../support/browser.ts'
import type { DuoPerson } from '../support/duo-people.ts'
import { type Gate, openGate } from '../support/gate.ts'
import { PatientListener } from '../support/patient-listener.ts'
import { seededRandom } from '../support/seeded-random.ts'
import type { StreamWay } from '../support/streams.ts'

const look = `query ($id: ID!) { flowExecution(id: $id) { ...Step } } ${stepFields}`

/** What a line brings before it breaks, at most (bytes): far more than all steps. Half of the lines bring an eighth, or less. */
const mostBytes = 30_000
/** How often the line of a listener breaks while an answer is under way. */
const breaksMidway = 0.3

/** Who walks, and where. */
export interface WalkParts {
  readonly slug: string
  readonly person: DuoPerson
  /** The servers: each has one listener, and any of them may get an answer. */
  readonly urls: readonly string[]
  /** How the listeners listen, by server. */
  readonly ways: readonly StreamWay[]
  /** Says where lines break and who is asked. */
  readonly seed: number
}

/** What came of a walk. */
export interface Walked {
  /** The steps that somebody was told by each listener. */
  readonly told: readonly (readonly Step[])[]
  /** The steps that answers led to. */
  readonly answered: readonly Step[]
  /** How many lines broke. */
  readonly broken: number
}

/** Takes a flow from its beginning to its end, while others listen on lines that break at random points. */
export async function walk(parts: WalkParts): Promise<Walked> {
  const { urls, seed } = parts
  const gates = await Promise.all(
    urls.map((url, place) => {
      const random = seededRandom(seed + place + 1)
      return openGate(url, () => Math.floor(random() ** 3 * mostBytes))
    }),
  )
  try {
    return await new Walk(parts, gates).run()
  } finally {
    await Promise.all(gates.map((gate) => gate.close()))
  }
}

class Walk {
  private readonly parts: WalkParts
  private readonly gates: readonly Gate[]
  private readonly browser = new Browser('http://127.0.0.1')
  private readonly random: () => number
  private readonly answered: Step[] = []
  private askedDuo = false
  /** The answer that is under way. */
  private answering: Promise<unknown> = Promise.resolve()

  constructor(parts: WalkParts, gates: readonly Gate[]) {
    this.parts = parts
    this.gates = gates
    this.random = seededRandom(parts.seed)
  }

  async run(): Promise<Walked> {
    const first = await this.anywhere().start(this.parts.slug)
    this.answered.push(first)
    const listeners = this.gates.map((gate, place) => this.listener(gate, place, first))
    await Promise.all([this.goOn(first, listeners), ...listeners.map((listener) => listener.listen())])
    const broken = this.gates.reduce((sum, gate) => sum + gate.broken, 0)
    return { told: listeners.map(({ steps }) => steps), answered: this.answered, broken }
  }

  private listener(gate: Gate, place: number, { id: executionId }: Step): PatientListener {
    const { browser } = this
    const way = this.parts.ways[place]
    if (!way) throw new Error(`Nobody says how to listen at server ${place}.`)
    return new PatientListener({ way, browser, gate, executionId, settled: () => this.answering })
  }

  /** Answers what stands; for what comes by itself, one of the listeners waits. */
  private async goOn(first: Step, listeners: readonly PatientListener[]): Promise<void> {
    let step = first
    while (step.status === 'ACTIVE') {
      const answer = this.answer(step)
      step = answer ? await this.interrupted(answer) : await this.oneOf(listeners).after(step.sequence)
    }
  }

  /** Waits for the answer, and may break a line meanwhile. */
  private async interrupted(answer: Promise<Step>): Promise<Step> {
    this.answering = answer.catch(() => undefined)
    if (this.random() < breaksMidway) this.oneOf(this.gates).drop()
    const step = await answer
    this.answered.push(step)
    return step
  }

  /** What to do about a step; undefined: Duo was asked, and says how it goes on. */
  private answer(step: Step): Promise<Step> | undefined {
    const { person } = this.parts
    if (step.challenge.responseErrors.length > 0) throw new Error(`Nothing is refused here: ${JSON.stringify(step)}`)
    switch (step.challenge.__typename) {
      case 'DummyChallenge':
        return this.anywhere().answer(step, { dummy: {} })
      case 'IdentificationChallenge':
        return this.anywhere().answer(step, { identification: { uidField: person.username } })
      case 'AuthenticatorValidateChallenge':
        if (this.askedDuo) return undefined
        this.askedDuo = true
        return this.anywhere().answer(step, { authenticatorValidate: { duo: person.deviceUid } })
      case 'ContinueChallenge':
        return this.read(step)
      default:
        throw new Error(`Nobody expects this step: ${JSON.stringify(step)}`)
    }
  }

  private async read({ id }: Step): Promise<Step> {
    const { data } = await this.anywhere().graphql<{ flowExecution: Step }>(look, { id })
    if (!data) throw new Error('The execution is gone.')
    return data.flowExecution
  }

  private anywhere(): Browser {
    return this.browser.at(this.oneOf(this.parts.urls))
  }

  private oneOf<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.random() * items.length)] as Item
  }
}
