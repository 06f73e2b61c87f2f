/** Memory of a product under way: its job, units and panels, and what is packed. Kept for the next one. */

import { heap } from '@skein/heap'
import { heapAddress } from '../run/addresses.ts'

const cacheLine = 64
/** More than this is not kept, nor are the workspaces of a crowd of asynchronous calls. */
const mostKeptBytes = 2 ** 26
const mostKept = 4

export type OperandName = 'a' | 'b' | 'c'

export class Workspace {
  #at = 0
  #bytes = 0
  #words: Int32Array = new Int32Array(0)
  #singles: Float32Array = new Float32Array(0)
  #doubles: Float64Array = new Float64Array(0)
  #used = 0
  /** What is written again, if it is kept. */
  #kept: { readonly addresses: { [name in OperandName]: number[] }; readonly words: number[] } | undefined

  /** From here on it keeps in mind which words `move` and `renew` are about. */
  keep(): void {
    this.#kept = { addresses: { a: [], b: [], c: [] }, words: [] }
  }

  /** Forgets what was taken; at least so many bytes can be taken now. */
  reset(bytes: number): void {
    this.#used = 0
    if (this.#bytes >= bytes) return
    this.free()
    this.#at = heap.allocate(bytes, { align: 128, label: 'matrix products' })
    this.#bytes = bytes
    this.#words = heap.view(Int32Array, this.#at, bytes >> 2)
    this.#singles = heap.view(Float32Array, this.#at, bytes >> 2)
    this.#doubles = heap.view(Float64Array, this.#at, bytes >> 3)
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Takes so many bytes, at a cache line of their own. Where they are is counted from the workspace's first. */
  take(bytes: number): number {
    const at = this.#used
    this.#used += (bytes + cacheLine - 1) & -cacheLine
    return at
  }

  /** As machine code finds it. */
  addressOf(at: number): number {
    return heapAddress() + this.#at + at
  }

  word(at: number, value: number): void {
    this.#words[at >> 2] = value
  }

  /** A whole number of 64 bits, such as an address. */
  long(at: number, value: number): void {
    this.#words[at >> 2] = value
    this.#words[(at >> 2) + 1] = Math.floor(value / 2 ** 32)
  }

  /** Of an operand's element. */
  address(of: OperandName, at: number, value: number): void {
    this.long(at, value)
    this.#kept?.addresses[of].push(at, value)
  }

  /** A word that running code changes. */
  changing(at: number, value: number): void {
    this.word(at, value)
    this.#kept?.words.push(at, value)
  }

  /** An operand lies so many bytes behind where it lay when it was written about. */
  move(of: OperandName, distance: number): void {
    const addresses = this.#kept!.addresses[of]
    for (let i = 0; i < addresses.length; i += 2) this.long(addresses[i], addresses[i + 1] + distance)
  }

  /** Words that running code has changed are as they were. */
  renew(): void {
    const { words } = this.#kept!
    for (let i = 0; i < words.length; i += 2) this.word(words[i], words[i + 1])
  }

  element(at: number, type: 'f32' | 'f64', value: number): void {
    if (type === 'f32') this.#singles[at >> 2] = value
    else this.#doubles[at >> 3] = value
  }

  free(): void {
    if (this.#bytes > 0) heap.free(this.#at)
    this.#at = this.#bytes = 0
  }
}

/** Bytes of something that is taken. */
export const taken = (bytes: number): number => (bytes + cacheLine - 1) & -cacheLine

const kept: Workspace[] = []

export const lendWorkspace = (): Workspace => kept.pop() ?? new Workspace()

export function giveBackWorkspace(workspace: Workspace): void {
  if (kept.length < mostKept && workspace.bytes <= mostKeptBytes) kept.push(workspace)
  else workspace.free()
}
