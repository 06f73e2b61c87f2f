// Chance as a table. Whenever something may go one way or another, that is an occasion: number n of a stream that has a name (`a→b` for the messages from
// a to b, numbered by what they say). On an occasion several questions are asked (is it lost? how long does it take?), each with a number of its own. The answer is a
// function of seed, stream, n and question and of nothing else: leaving one disturbance out moves no other, and that is what makes a failing run shrink. Each
// question has a calm answer (the message is not lost, the step is not taken, the delay is the least one); any other answer is a
// disturbance. A run is given by its seed and the disturbances that are calmed.
import { uniform64At } from '@skein/base'

/** Question `ask` of occasion `n` of `stream` was answered otherwise than calmly. */
export interface Disturbance {
  readonly stream: string
  /** `*`: of all occasions, those too that a run comes to only without others. */
  readonly n: number | '*'
  readonly ask: number
}

/** What is calmed of a stream. */
interface Calmed {
  readonly asks: Set<number>
  readonly keys: Set<number>
}

export class Decisions {
  readonly seed: number
  /** Those of this run, in order, if they are wanted. */
  readonly disturbances: Disturbance[] | undefined
  private readonly calmed = new Map<string, Calmed>()
  private readonly streams = new Map<string, DecisionStream>()

  constructor(seed: number, options: { calmed?: Iterable<Disturbance>; record?: boolean } = {}) {
    this.seed = seed
    this.disturbances = options.record ? [] : undefined
    for (const { stream, n, ask } of options.calmed ?? []) {
      let calmed = this.calmed.get(stream)
      if (!calmed) this.calmed.set(stream, (calmed = { asks: new Set(), keys: new Set() }))
      if (n === '*') calmed.asks.add(ask)
      else calmed.keys.add(keyOf(n, ask))
    }
  }

  stream(name: string): DecisionStream {
    let stream = this.streams.get(name)
    if (!stream) {
      stream = new DecisionStream(name, this.seed, this.calmed.get(name), this.disturbances)
      this.streams.set(name, stream)
    }
    return stream
  }
}

export class DecisionStream {
  private n = -1
  /** How often there were such bytes, by their hash. */
  private readonly times = new Map<number, number>()
  private readonly number: number

  readonly name: string
  private readonly seed: number
  private readonly calmed: Calmed | undefined
  private readonly disturbances: Disturbance[] | undefined

  constructor(name: string, seed: number, calmed: Calmed | undefined, disturbances: Disturbance[] | undefined) {
    this.name = name
    this.seed = seed
    this.calmed = calmed
    this.disturbances = disturbances
    this.number = hash(new TextEncoder().encode(name))
  }

  /** The next occasion: questions from here on are about it. */
  next(): this {
    this.n++
    return this
  }

  /** The next occasion that has to do with these bytes: its number is theirs, so that occasions about other bytes, more or fewer, do not move it. */
  about(bytes: Uint8Array): this {
    const h = hash(bytes)
    const times = this.times.get(h) ?? 0
    this.times.set(h, times + 1)
    this.n = h * 65536 + (times & 0xffff)
    return this
  }

  /** Calm: false. */
  happens(ask: number, probability: number): boolean {
    if (probability <= 0) return false
    if (this.at(ask) >= probability || this.isCalmed(ask)) return false
    this.disturbances?.push({ stream: this.name, n: this.n, ask })
    return true
  }

  /** Calm: `least`. */
  between(ask: number, least: number, most: number): number {
    if (most <= least || this.isCalmed(ask)) return least
    this.disturbances?.push({ stream: this.name, n: this.n, ask })
    return least + (most - least) * this.at(ask)
  }

  /** One of `count`, when something happens; has no calm answer of its own. */
  choose(ask: number, count: number): number {
    return Math.floor(count * this.at(ask))
  }

  /** On [0, 1); nothing that can be calmed. */
  at(ask: number): number {
    return uniform64At(this.seed, this.n, ask, this.number)
  }

  private isCalmed(ask: number): boolean {
    const { calmed } = this
    return calmed !== undefined && (calmed.asks.has(ask) || calmed.keys.has(keyOf(this.n, ask)))
  }
}

/** Questions are numbered below 16. */
const keyOf = (n: number, ask: number): number => n * 16 + ask

/** FNV-1a, 32 bits, of the length and the first bytes. */
const hash = (bytes: Uint8Array): number => {
  let h = 0x811c9dc5 ^ bytes.length
  const end = Math.min(bytes.length, 256)
  for (let i = 0; i < end; i++) h = Math.imul(h ^ bytes[i], 0x01000193)
  return h >>> 0
}
