/**
 * Which tasks a new one must come after, by OpenMP 5.2, section 15.9.5 (the `depend` clause). Of tasks with the same parent, a new one
 * comes after each earlier one that names the same object, unless both only read it (`in`) or both are of one `inoutset`.
 *
 * For each object there is its last generation: tasks that do not come after each other, and before it the generation that they
 * come after. So a new task needs to look at one or two generations, however long the object's history is.
 *
 * Tasks are known by anything; the caller says when one has settled. Nothing is kept of those that have finished.
 */

/** `out` stands for `out`, `inout` and `mutexinoutset`: of the last the standard asks that its tasks exclude each other, in any order. */
export type Access = 'in' | 'out' | 'inoutset'

/** Every object there is: `omp_all_memory`. */
export const allMemory: unique symbol = Symbol('all memory')

interface Generation<T> {
  readonly access: Access
  /** Those of its tasks that have not settled. */
  readonly open: Set<T>
  /** What its tasks come after. It matters as long as they may end without it: when one fails or is cancelled before its turn. */
  before: readonly Generation<T>[]
  /** One of its tasks has ended so. */
  hasFailed: boolean
}

export class Dependences<T> {
  /** The last generation of each object that unfinished tasks name. */
  readonly #last = new Map<unknown, Generation<T>>()
  /** The last task that named everything: objects without tasks of their own come after it. */
  #all: Generation<T> | undefined
  readonly #of = new Map<T, { readonly object: unknown; readonly generation: Generation<T> }[]>()

  /** The tasks that one with these accesses comes after, of those that have not settled. */
  before(accesses: ReadonlyMap<unknown, Access>): T[] {
    const found = new Set<T>()
    for (const [object, access] of accesses) {
      const last = object === allMemory ? this.#everything() : this.#lastOf(object)
      const earlier = last.flatMap(one => (joins(one, access) ? one.before : [one]))
      for (const { open } of frontOf(earlier)) for (const task of open) found.add(task)
    }
    return [...found]
  }

  /** The task exists, and comes after what `before` gave. */
  enter(task: T, accesses: ReadonlyMap<unknown, Access>): void {
    const places: { object: unknown; generation: Generation<T> }[] = []
    for (const [object, access] of accesses) {
      const last = object === allMemory ? this.#everything() : this.#lastOf(object)
      let generation = last.length === 1 && joins(last[0], access) ? last[0] : undefined
      if (generation === undefined) {
        generation = { access, open: new Set(), before: last, hasFailed: false }
        if (object !== allMemory) this.#last.set(object, generation)
        else {
          this.#last.clear()
          this.#all = generation
        }
      }
      generation.open.add(task)
      places.push({ object, generation })
    }
    this.#of.set(task, places)
  }

  /** @param ok false: it may have ended before the tasks that it came after */
  settled(task: T, ok: boolean): void {
    const places = this.#of.get(task) ?? []
    this.#of.delete(task)
    for (const { object, generation } of places) {
      generation.open.delete(task)
      if (!ok) generation.hasFailed = true
      else if (generation.open.size === 0 && !generation.hasFailed) generation.before = []
      const last = this.#last.get(object)
      if (last !== undefined && isOver(last)) this.#last.delete(object)
      if (this.#all !== undefined && isOver(this.#all)) this.#all = undefined
    }
  }

  /** How many objects are remembered. */
  get size(): number {
    return this.#last.size
  }

  #lastOf(object: unknown): Generation<T>[] {
    const last = this.#last.get(object) ?? this.#all
    return last ? [last] : []
  }

  #everything(): Generation<T>[] {
    return this.#all ? [...this.#last.values(), this.#all] : [...this.#last.values()]
  }
}

/** Whether a task may run beside those of a generation. */
const joins = <T>({ access }: Generation<T>, other: Access): boolean => access === other && access !== 'out'

/**
 * The generations with open tasks that must be waited for so that these are over: themselves, and where a task has failed, what it
 * came after. What is found is kept, so that a long row of failed ones is walked once.
 */
function frontOf<T>(generations: readonly Generation<T>[]): readonly Generation<T>[] {
  const front = new Set<Generation<T>>()
  const seen = new Set<Generation<T>>()
  const rest = [...generations]
  for (let one = rest.pop(); one !== undefined; one = rest.pop()) {
    if (seen.has(one)) continue
    seen.add(one)
    if (one.open.size > 0) front.add(one)
    if (one.hasFailed) rest.push(...one.before)
  }
  return [...front]
}

function isOver<T>(generation: Generation<T>): boolean {
  if (generation.open.size > 0) return false
  generation.before = frontOf(generation.before)
  return generation.before.length === 0
}
