/**
 * Tallies: arrays of integers that a kernel only changes, by one kind of atomic operation, and whose old values it never asks
 * for, such as the bins of a histogram. In what order the changes came cannot be seen afterwards. So where such an array is small
 * and the range large, each thread changes copies of its own without atomics, and what they hold goes into the array, atomically,
 * at the end of the call.
 *
 * An element of a thread's copies is one vector, 4 copies of 32 bits or 2 of 64. Lanes take turns at them: neighbours that meet in one
 * element do not wait for each other's store. Behind the last element is one more, which nobody reads, for lanes that are not active,
 * and then a word that says whether the thread has begun, and with it filled its copies: some threads never come.
 */
import { type KernelIR, type Region, type Value, walk } from '../ir/ir.ts'

type TallyElement = 'i32' | 'u32' | 'i64' | 'u64'

export interface Tally {
  buffer: number
  element: TallyElement
  /** How changes of an element come together. `sub` is `add`: copies begin at 0 and hold what is to be added. */
  kind: 'add' | 'and' | 'or' | 'xor' | 'min' | 'max'
}

export const KIND_OF: { readonly [kind: string]: Tally['kind'] } = {
  add: 'add',
  sub: 'add',
  and: 'and',
  or: 'or',
  xor: 'xor',
  min: 'min',
  max: 'max',
}

export const isWide = (element: string) => element === 'i64' || element === 'u64'

/** The tallies of a kernel, in the order of its arrays. */
export function findTallies(ir: KernelIR): Tally[] {
  const read = new Set<Value>()
  const look = (r: Region) => {
    for (const v of r.ops) {
      for (const a of v.args) read.add(a)
      v.regions?.forEach(look)
    }
    for (const x of r.results) read.add(x)
  }
  look(ir.body)
  const accesses = ir.buffers.map((): Value[] => [])
  for (const v of walk(ir.body)) if (v.attr?.buffer !== undefined) accesses[v.attr.buffer].push(v)
  return accesses.flatMap((list, buffer) => {
    const { element } = ir.buffers[buffer]
    const [kind, ...others] = new Set(
      list.map(v => (v.op === 'atomic' && !read.has(v) ? KIND_OF[v.attr.kind] : undefined)),
    )
    const isTally = kind !== undefined && others.length === 0 && /^[iu](32|64)$/.test(element)
    return isTally ? [{ buffer, element: element as TallyElement, kind }] : []
  })
}

/** Bytes of one thread's copies. Threads must not share a cache line. */
export const copiesBytes = (length: number): number => (16 * (length + 2) + 127) & ~127

/** Where in a thread's copies the word is that is not 0 once it has begun. */
export const begunOffset = (length: number): number => 16 * (length + 1)

/** What a copy holds that has not been changed: combined with anything it gives that. */
export function identity({ element, kind }: Tally): number | bigint {
  const bits = isWide(element) ? 64n : 32n
  const [least, most] = element[0] === 'u' ? [0n, 2n ** bits - 1n] : [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n]
  const value = { add: 0n, or: 0n, xor: 0n, and: -1n, min: most, max: least }[kind]
  return isWide(element) ? BigInt.asIntN(64, value) : Number(BigInt.asIntN(32, value))
}
