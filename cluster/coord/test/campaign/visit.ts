// What a client does with a store on one connection: calls, of which there is a history; places in lines; watches. The same in the simulator and in processes that are killed.
import { type Chance, type Clock, sleep } from '@skein/world'
import type { MapInput, RegisterOutput } from '../../../../testing/src/consistency/models.ts'
import {
  campaign,
  type Entry,
  type Held,
  lock,
  readLock,
  type Store,
  semaphore,
  type WatchBatch,
} from '../../src/index.ts'

/** Notes what a client asks and is told. */
export interface Recorder {
  /** A call begins. Its end is told once, or never: then nobody knows what came of it. */
  call(input: MapInput): { ok(output: RegisterOutput): void /** It says nothing. */; none(): void }
  /** Something is held, until what is given is called or the signal is aborted. */
  holds(what: Held['name'], held: Held, isReader: boolean): () => void
  /** A watch begins. */
  watches(from: number): (batch: WatchBatch) => void
}

/** How a call may end that has nothing to do with whether the store is right. */
export const expected: ReadonlySet<string> = new Set([
  'ConnectionLostError',
  'LeaseLostError',
  'LeaseNotFoundError',
  'CancelledError',
  'WorldError',
  'StoreUnavailableError',
  'UnknownOutcomeError',
])

export const keys = ['a', 'b', 'c']
/** How many hold the semaphore. */
export const permits = 2

const decoder = new TextDecoder()
export const numberOf = (entry: Entry | undefined): number | null =>
  entry ? Number(decoder.decode(entry.value)) : null

export interface VisitOptions {
  /** How much is done in a time. Default 1. */
  pace?: number
  /** Whether a step is done or left out. */
  does?: (step: string) => boolean
}

export class Visit {
  private readonly store: Store
  private readonly recorder: Recorder
  private readonly clock: Clock
  private readonly chance: Chance
  private readonly pace: number
  private readonly does: (step: string) => boolean

  constructor(
    store: Store,
    recorder: Recorder,
    { clock, chance }: { clock: Clock; chance: Chance },
    how: VisitOptions = {},
  ) {
    const { pace = 1, does = () => true } = how
    this.does = does
    this.pace = pace
    this.store = store
    this.recorder = recorder
    this.clock = clock
    this.chance = chance
  }

  /** Until a call rejects. */
  async run(): Promise<void> {
    await Promise.all([this.calls(), this.holds(), this.watches()])
  }

  private async calls(): Promise<void> {
    const { chance, store } = this
    for (;;) {
      await this.pause(100)
      const key = keys[chance.integer(0, keys.length)]
      const value = chance.integer(0, 1000)
      const kind = chance.integer(0, 3)
      if (!this.does('calls')) continue
      if (kind === 0) await this.record({ op: 'read', key }, async () => numberOf(await store.get(key)))
      else if (kind === 1)
        await this.record({ op: 'write', key, value }, async () => {
          await store.put(key, String(value))
          return value
        })
      else {
        const entry = await store.get(key)
        const compared = { key, target: 'modified', is: '=', value: entry?.modified ?? 0 } as const
        await this.record({ op: 'cas', key, from: numberOf(entry), to: value }, async () => {
          const put = { op: 'put', key, value: String(value) } as const
          const { succeeded } = await store.transact({ if: [compared], do: [put] })
          // That the number is as it was says less than that nobody has written: a refusal tells nothing.
          return succeeded || undefined
        })
      }
    }
  }

  private async holds(): Promise<void> {
    const { chance, store } = this
    const options = { ttlMs: 500 + 1000 * chance.uniform() }
    for (;;) {
      await this.pause(200)
      const kind = chance.integer(0, 4)
      const what = ['lock', 'lock', 'lead', 'permits'][kind]
      if (!this.does(`takes the ${what}`)) continue
      const held = await [
        () => lock(store, 'x', options),
        () => readLock(store, 'x', options),
        () => campaign(store, 'x', options),
        () => semaphore(store, 'x', permits, options),
      ][kind]()
      const leave = this.recorder.holds(what, held, kind === 1)
      await this.pause(300)
      leave()
      await held.release()
    }
  }

  private async watches(): Promise<void> {
    const from = Math.max(1, (await this.store.revision()) - this.chance.integer(0, 20))
    const tell = this.recorder.watches(from)
    for await (const batch of this.store.watch({ prefix: '' }, { from })) tell(batch)
  }

  private pause(mostMs: number): Promise<void> {
    return sleep(this.clock, (mostMs / this.pace) * this.chance.uniform())
  }

  /** What gives undefined is left out of the history. */
  private async record(input: MapInput, run: () => Promise<RegisterOutput | undefined>): Promise<void> {
    const call = this.recorder.call(input)
    const output = await run()
    if (output === undefined) call.none()
    else call.ok(output)
  }
}
