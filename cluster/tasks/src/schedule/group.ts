/**
 * Resources set aside together, in bundles, each on one worker: Ray's placement groups. A group is placed as a whole or not at all, and keeps its
 * bundles, whoever uses them, until it is removed.
 */

/** Fractions of a CPU, lent and given back, do not add up to nothing exactly. */
export const rounding = 1e-9

/** Bundles together, best effort or strictly on one worker; or apart, best effort or strictly each on another. */
export const strategies = ['pack', 'spread', 'strict-pack', 'strict-spread'] as const
export type Strategy = (typeof strategies)[number]

export class Bundle {
  readonly cpus: number
  readonly amounts: ReadonlyMap<string, number>
  /** Where it is placed, or -1. A worker that takes a lost one's place has its bundles. */
  worker = -1
  /** The group was removed: what is still lent of it is lent by the worker itself. */
  isGone = false
  /** Of it, what tasks hold. */
  lentCpus = 0
  readonly lent = new Map<string, number>()

  constructor(cpus: number, amounts: readonly (readonly [name: string, amount: number])[]) {
    this.cpus = cpus
    this.amounts = new Map(amounts)
  }

  /** Whether so much could ever be lent of it. */
  holds(cpus: number, amounts: readonly (readonly [name: string, amount: number])[]): boolean {
    return cpus <= this.cpus + rounding && amounts.every(([name, amount]) => amount <= (this.amounts.get(name) ?? 0))
  }

  /** Whether so much can be lent of it now. */
  fits(cpus: number, amounts: readonly (readonly [name: string, amount: number])[]): boolean {
    const left = ([name, amount]: readonly [string, number]) =>
      (this.lent.get(name) ?? 0) + amount <= (this.amounts.get(name) ?? 0) + rounding
    return this.lentCpus + cpus <= this.cpus + rounding && amounts.every(left)
  }
}

export class Group {
  readonly id: number
  readonly strategy: Strategy
  readonly bundles: readonly Bundle[]
  state: 'waiting' | 'placed' | 'removed' = 'waiting'

  constructor(id: number, strategy: Strategy, bundles: readonly Bundle[]) {
    this.id = id
    this.strategy = strategy
    this.bundles = bundles
  }

  /** What all bundles take together of what no worker has for itself. */
  get amounts(): Map<string, number> {
    const sums = new Map<string, number>()
    for (const { amounts } of this.bundles) {
      for (const [name, amount] of amounts) sums.set(name, (sums.get(name) ?? 0) + amount)
    }
    return sums
  }

  /**
   * A worker for each bundle, or undefined when they do not fit. Large bundles first: `pack` takes the fullest worker where one
   * fits, `spread` the one with the fewest of its bundles.
   */
  fit(places: Iterable<Pick<Room, 'worker' | 'cpus' | 'load'>>): Map<Bundle, number> | undefined {
    const rooms = [...places].map(({ worker, cpus, load }) => ({ worker, cpus, load, mine: 0 }))
    const bundles = this.bundles.toSorted((a, b) => b.cpus - a.cpus)
    if (this.strategy === 'strict-pack') {
      for (const room of rooms.toSorted((a, b) => b.cpus - a.cpus)) {
        const found = fitAll(bundles, () => room)
        if (found) return found
      }
      return undefined
    }
    const isStrict = this.strategy === 'strict-spread'
    return fitAll(bundles, cpus => {
      const fitting = rooms.filter(room => fits(room.cpus, cpus) && !(isStrict && room.mine > 0))
      const isBetter = this.strategy === 'pack' ? isFuller : isEmptier
      return fitting.reduce<Room | undefined>((a, b) => (a === undefined || isBetter(b, a) ? b : a), undefined)
    })
  }
}

/** A worker as it would be with some bundles placed. */
interface Room {
  readonly worker: number
  /** Lent. */
  cpus: number
  readonly load: number
  /** Bundles of this group. */
  mine: number
}

const isFuller = (a: Room, b: Room): boolean =>
  a.cpus !== b.cpus ? a.cpus > b.cpus : a.mine !== b.mine ? a.mine > b.mine : false

const isEmptier = (a: Room, b: Room): boolean => (a.mine !== b.mine ? a.mine < b.mine : a.load < b.load)

/** Whether a worker that has lent so many CPUs can lend more: it has one. */
export const fits = (lent: number, cpus: number): boolean => cpus === 0 || lent + cpus <= 1 + rounding

function fitAll(
  bundles: readonly Bundle[],
  choose: (cpus: number) => Room | undefined,
): Map<Bundle, number> | undefined {
  const found = new Map<Bundle, number>()
  const taken: [Room, number][] = []
  for (const bundle of bundles) {
    const room = choose(bundle.cpus)
    if (room === undefined || !fits(room.cpus, bundle.cpus)) {
      // The next attempt begins where this one did.
      for (const [room, cpus] of taken) room.cpus -= cpus
      return undefined
    }
    room.cpus += bundle.cpus
    room.mine++
    taken.push([room, bundle.cpus])
    found.set(bundle, room.worker)
  }
  return found
}
