/**
 * A program as it is drawn: for each rank a list of calls in words and numbers, and what its log has to say. Whoever draws sees all ranks at once, so
 * that calls match by construction, and knows of every buffer what must come into it.
 */

import { Choices } from '../../../../testing/fuzz/choices.ts'
import { programOf } from '../type-oracle.ts'
import { type Entry, hash, type Part, received } from './memory.ts'
import { basicEntries, drawTypes } from './types.ts'

/** A group of ranks of the world, in its order; of an intercommunicator each side has one. */
export interface Side {
  readonly members: readonly number[]
  /** Whom it sends to. */
  readonly peers: readonly number[]
}

export interface Comm {
  readonly id: number
  readonly sides: readonly [Side] | readonly [Side, Side]
  /** Of a topology: by rank, from whom and to whom neighbourhood calls go (-2: none), and in which order they meet. */
  readonly edges?: readonly { readonly sources: readonly number[]; readonly destinations: readonly number[] }[]
  readonly isGrid: boolean
}

export const isInter = (comm: Comm): boolean => comm.sides.length === 2

/** A call that is under way, of one rank. */
export interface Open {
  readonly id: number
  /** Label and text, once it is complete. */
  readonly log: readonly (readonly [label: number, text: string])[]
}

export interface Program {
  readonly size: number
  /** By rank: what the interpreters read. */
  readonly texts: readonly string[]
  /** By rank and label. */
  readonly expected: readonly ReadonlyMap<number, string>[]
  /** Why it is not for a library, which has it wrong. */
  readonly notForLibraries: string | undefined
  readonly made: readonly number[]
  readonly calls: number
}

export class Draft {
  readonly c: Choices
  readonly size: number
  readonly types: readonly Entry[]
  readonly comms: Comm[] = []
  /** By rank of the world. */
  readonly open: Open[][]
  notForLibraries: string | undefined
  readonly #lines: string[][]
  readonly #expected: Map<number, string>[]
  #numbers = 0
  #calls = 0

  constructor(from: number | readonly number[], size: number) {
    this.c = new Choices(from)
    this.size = size
    this.types = drawTypes(this.c)
    const all = Array.from({ length: size }, (_, rank) => rank)
    this.#lines = all.map(() => [])
    this.#expected = all.map(() => new Map())
    this.open = all.map(() => [])
    this.comms.push({ id: this.number(), sides: [{ members: all, peers: all }], isGrid: false })
    for (const { type } of this.types.slice(basicEntries.length))
      for (const rank of all) this.say(rank, `type ${programOf(type)} end`)
  }

  /** Of a communicator, a request, a label or a tag: nothing else in the program has it. */
  number(): number {
    return this.#numbers++
  }

  /** A call of one rank. */
  say(rank: number, ...words: (string | number)[]): void {
    this.#lines[rank].push(words.join(' '))
    this.#calls++
  }

  /** What the log of a rank has to say. */
  expect(rank: number, label: number, text: string): void {
    this.#expected[rank].set(label, text)
  }

  /** A seed for a buffer. */
  seed(): number {
    return this.c.below(2 ** 20)
  }

  program(): Program {
    return {
      size: this.size,
      texts: this.#lines.map(lines => `${lines.join('\n')}\n`),
      expected: this.#expected,
      notForLibraries: this.notForLibraries,
      made: this.c.made,
      calls: this.#calls,
    }
  }
}

/** The same in another order. */
export function shuffled<T>(c: Choices, list: readonly T[]): T[] {
  const left = [...list]
  const order: T[] = []
  while (left.length > 0) order.push(left.splice(c.below(left.length), 1)[0])
  return order
}

/** Few elements mostly; some that go by rendezvous, or do not fit into a channel at once. */
export function drawCount(c: Choices, elementBytes: number): number {
  const bytes = c.pick([64, 8, 0, 200, 1000, 64, 200, 1000, 5000, 20_000, 64, 200, 10_000, 90_000])
  if (bytes === 90_000 && !c.oneIn(4)) return 3
  return c.below(2) === 0 ? Math.floor(bytes / elementBytes) : c.below(Math.floor(bytes / elementBytes) + 1)
}

/** What a message is made of: so many elements of a basic kind, or of a type of several kinds. */
export interface Stuff {
  readonly entry: Entry
  readonly count: number
}

export function drawStuff(d: Draft): Stuff {
  const mixed = d.types.filter(({ kind }) => kind === undefined)
  if (mixed.length > 0 && d.c.oneIn(6)) {
    const entry = d.c.pick(mixed)
    return { entry, count: Math.min(1 + d.c.below(6), entry.most) }
  }
  const entry = d.types[d.c.below(10)]
  return { entry, count: drawCount(d.c, entry.extent) }
}

/** A type that the stuff can be laid out in, `shares` times over. */
export function drawLayout(d: Draft, { entry, count }: Stuff, shares = 1): Entry {
  if (entry.kind === undefined) return entry
  const fits = d.types.filter(
    ({ kind, basics, most }) => kind === entry.kind && count % basics === 0 && (count / basics) * shares <= most,
  )
  return d.c.pick(fits.length === 0 ? [entry] : fits)
}

const elementBytes = (entry: Entry): number => (entry.index < 10 ? entry.type.size : 1)

/** A part of a new buffer that holds the stuff so many times. @param more room for elements that do not come */
export function drawPart(
  d: Draft,
  stuff: Stuff,
  shares = 1,
  more = 0,
  entry: Entry = drawLayout(d, stuff, shares),
): Part {
  const count = (stuff.count * stuff.entry.basics) / entry.basics + (more > 0 && entry.most > 1e9 ? more : 0)
  const from = elementBytes(entry) === 1 ? d.c.below(3) * 8 : d.c.below(4) * entry.type.size
  const span = count * shares === 0 ? 0 : (count * shares - 1) * entry.extent + entry.end
  const bytes = Math.ceil((from + span) / 8) * 8 + 8 * d.c.below(2)
  const forms = entry.index < 10 ? [0, 1, 2, 3, 4, 5] : [2, 3, 5]
  return { bytes, seed: d.seed(), from, count, entry, form: d.c.pick(forms) }
}

export const partWords = (part: Part | undefined): string =>
  part === undefined
    ? 'none'
    : `part ${part.bytes} ${part.seed} ${part.from} ${part.count} ${part.entry.index} ${part.form}`

/** What is logged of a buffer into which something came. */
export const whole = (part: Part, came: Uint8Array): string => hash(received(part, came))
