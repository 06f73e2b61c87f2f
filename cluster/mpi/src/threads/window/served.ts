/**
 * Calls on memory that does not lie in the heap: its owner carries them out when it makes progress. The caller writes what it wants into a block of the
 * heap and sends the block's address; the owner writes the answer into the block, counts the call as served, and wakes the caller, who reads the answer when it completes.
 */

import { heap } from '@skein/heap'
import { basics } from '../../datatype/basic.ts'
import { Datatype, type Kind } from '../../datatype/datatype.ts'
import {
  band,
  bor,
  bxor,
  land,
  lor,
  lxor,
  max,
  maxloc,
  min,
  minloc,
  noOp,
  type Op,
  prod,
  replace,
  sum,
} from '../../op.ts'
import type { Exchange } from '../exchange.ts'
import type { Context } from '../matching.ts'
import { Receiving, Sending } from '../transfers.ts'
import type { WindowBlock } from './block.ts'

/** What is wanted of the owner. */
export interface Wanted {
  readonly call: 'put' | 'get' | 'accumulate' | 'swap'
  /** Bytes of displacement. */
  readonly at: number
  readonly count: number
  readonly type: Datatype
  readonly op?: Op
}

/** Carries it out on this rank's own memory. @throws whatever keeps it from that */
export type CarryOut = (wanted: Wanted, payload: Uint8Array | undefined, answer: Uint8Array | undefined) => void

/** Of a block, floats: bytes of the text, of the payload and the answer (-1: there is none), and what came of it. */
const [textBytes, payloadBytes, answerBytes, outcome] = [0, 1, 2, 3]
const headBytes = 32
/** Room for what an owner says of a failure. */
const leastAnswerBytes = 256
const tag = 0
const opByName = new Map<string, Op>(
  [sum, prod, max, min, land, band, lor, bor, lxor, bxor, maxloc, minloc, replace, noOp].map(op => [op.name, op]),
)
const encoder = new TextEncoder()
const decoder = new TextDecoder()

interface Asked {
  readonly number: number
  readonly address: number
  readonly bytes: number
  readonly answered: ((answer: Uint8Array) => void) | undefined
}

export class ServedCalls {
  readonly #block: WindowBlock
  readonly #exchange: Exchange
  readonly #rank: number
  readonly #members: readonly number[]
  readonly #context: Context
  readonly #carryOut: CarryOut
  /** By rank, calls so far, and those whose answers were not read yet. */
  readonly #calls: number[]
  readonly #asked: Asked[][]
  #receiving: Receiving | undefined
  #isOver = false

  constructor(
    block: WindowBlock,
    exchange: Exchange,
    rank: number,
    members: readonly number[],
    context: Context,
    carryOut: CarryOut,
  ) {
    this.#block = block
    this.#exchange = exchange
    this.#rank = rank
    this.#members = members
    this.#context = context
    this.#carryOut = carryOut
    this.#calls = members.map(() => 0)
    this.#asked = members.map(() => [])
  }

  // The caller's side.

  /**
   * Asks the owner. `answered` hears of the answer when the call is completed.
   *
   * @returns the number of the call
   */
  ask(
    rank: number,
    wanted: Wanted,
    payload: Uint8Array | undefined,
    answerLength: number,
    answered?: (answer: Uint8Array) => void,
  ): number {
    const { call, at, count, type, op } = wanted
    const text = encoder.encode(JSON.stringify({ call, at, count, type: typeText(type), op: op?.name }))
    const answerAt = headBytes + padded(text.length) + padded(payload?.length ?? 0)
    const bytes = answerAt + Math.max(answerLength, leastAnswerBytes)
    const address = heap.allocate(bytes, { label: 'mpi' })
    const head = heap.view(Float64Array, address, headBytes / 8)
    const b = heap.view(Uint8Array, address, bytes)
    head[textBytes] = text.length
    head[payloadBytes] = payload?.length ?? -1
    head[answerBytes] = answered === undefined ? -1 : answerLength
    head[outcome] = 0
    b.set(text, headBytes)
    if (payload !== undefined) b.set(payload, headBytes + padded(text.length))
    const number = (this.#calls[rank] = (this.#calls[rank] + 1) | 0)
    this.#asked[rank].push({ number, address, bytes, answered })
    const said = new Uint8Array(Float64Array.of(address).buffer)
    this.#exchange.send(new Sending(said, this.#members[rank], this.#context.number, tag, 0, false))
    return number
  }

  isServed(rank: number, number = this.#calls[rank]): boolean {
    const { c, served, size } = this.#block
    return ((Atomics.load(c, served + rank * size + this.#rank) - number) | 0) >= 0
  }

  /** Whether answers of a rank were not read yet. */
  isAwaited(rank: number): boolean {
    return this.#asked[rank].length > 0
  }

  /** Waits until calls to a rank, up to a number of them, are served, and reads the answers. @throws the first failure */
  complete(rank: number, where: string, number = this.#calls[rank]): void {
    if (!this.isServed(rank, number)) {
      const owner = this.#members[rank]
      const wait = () => `waits for rank ${owner}, whose memory in ${where} is not in the shared heap, to serve it`
      this.#exchange.waitUntil(() => this.isServed(rank, number), wait)
    }
    this.take(rank, number)
  }

  /** Reads the answers of calls that are served. */
  take(rank: number, number: number): void {
    const asked = this.#asked[rank]
    let failure: string | undefined
    while (asked.length > 0 && ((asked[0].number - number) | 0) <= 0) {
      const { address, bytes, answered } = asked.shift()!
      const head = heap.view(Float64Array, address, headBytes / 8)
      const answerAt = headBytes + padded(head[textBytes]) + padded(Math.max(0, head[payloadBytes]))
      const answer = heap.view(Uint8Array, address + answerAt, bytes - answerAt)
      if (head[outcome] > 0) failure ??= decoder.decode(answer.slice(0, head[outcome]))
      else answered?.(answer.subarray(0, head[answerBytes]))
      heap.free(address)
    }
    if (failure !== undefined) throw new ServedFailure(rank, failure)
  }

  // The owner's side.

  /** Begins to serve others. */
  open(): void {
    if (this.#receiving !== undefined) return
    this.#receive()
    const isDone = () => this.#isOver
    this.#exchange.drive({
      get isDone() {
        return isDone()
      },
      advance: () => {
        while (!this.#isOver && this.#receiving!.isDone) {
          const [address] = new Float64Array(this.#receiving!.bytes.buffer)
          const from = this.#members.indexOf(this.#receiving!.source)
          this.#receive()
          this.#serve(address, from)
        }
        return this.#isOver
      },
    })
  }

  #receive(): void {
    this.#receiving = Receiving.ofBytes(new Uint8Array(8), -1, tag, 0)
    this.#exchange.receive(this.#receiving, this.#context)
  }

  #serve(address: number, from: number): void {
    const head = heap.view(Float64Array, address, headBytes / 8)
    const [text, payload, answer] = [head[textBytes], head[payloadBytes], head[answerBytes]]
    const view = (at: number, length: number) => heap.view(Uint8Array, address + at, length)
    const payloadAt = headBytes + padded(text)
    const answerAt = payloadAt + padded(Math.max(0, payload))
    const { call, at, count, type, op } = JSON.parse(decoder.decode(view(headBytes, text).slice()))
    try {
      this.#carryOut(
        { call, at, count, type: typeOfText(type), op: opByName.get(op) },
        payload < 0 ? undefined : view(payloadAt, payload),
        answer < 0 ? undefined : view(answerAt, answer),
      )
    } catch (error) {
      const { written } = encoder.encodeInto(
        String((error as Error)?.message ?? error),
        view(answerAt, leastAnswerBytes),
      )
      head[outcome] = Math.max(1, written)
    }
    const { c, served, size } = this.#block
    Atomics.add(c, served + this.#rank * size + from, 1)
    this.#exchange.views.wake(this.#members[from])
  }

  /** Nobody asks any more. */
  close(): void {
    this.#isOver = true
    if (this.#receiving !== undefined) this.#context.withdraw(this.#receiving)
  }
}

/** An owner could not do what was asked of it. */
export class ServedFailure {
  readonly rank: number
  readonly problem: string

  constructor(rank: number, problem: string) {
    this.rank = rank
    this.problem = problem
  }
}

const padded = (bytes: number): number => (bytes + 15) & ~15

// Types as texts: their recipes.

const texts = new WeakMap<Datatype, string>()

function typeText(type: Datatype): string {
  let text = texts.get(type)
  if (text === undefined) {
    const plain = (_: string, value: unknown) => (value instanceof Datatype ? value.recipe : value)
    texts.set(type, (text = JSON.stringify(type.recipe, plain)))
  }
  return text
}

const types = new Map<string, Datatype>()
const mostTypes = 1000

function typeOfText(text: string): Datatype {
  let type = types.get(text)
  if (type === undefined) {
    if (types.size >= mostTypes) types.clear()
    types.set(text, (type = typeOfRecipe(JSON.parse(text))))
  }
  return type
}

function typeOfRecipe(recipe: any): Datatype {
  if (recipe.is === 'basic') return basics[recipe.kind as Kind]
  if (recipe.is === 'struct') return Datatype.struct(recipe.blockLengths, recipe.displs, recipe.types.map(typeOfRecipe))
  const of = typeOfRecipe(recipe.of)
  switch (recipe.is as Exclude<Datatype['recipe']['is'], 'basic' | 'struct'>) {
    case 'contiguous':
      return of.contiguous(recipe.count)
    case 'vector':
      return of.vector(recipe.count, recipe.blockLength, recipe.stride)
    case 'hvector':
      return of.hvector(recipe.count, recipe.blockLength, recipe.stride)
    case 'indexed':
      return of.indexed(recipe.blockLengths, recipe.displs)
    case 'hindexed':
      return of.hindexed(recipe.blockLengths, recipe.displs)
    case 'indexedBlock':
      return of.indexedBlock(recipe.blockLength, recipe.displs)
    case 'hindexedBlock':
      return of.hindexedBlock(recipe.blockLength, recipe.displs)
    case 'subarray':
      return of.subarray(recipe.sizes, recipe.subsizes, recipe.starts, recipe.order)
    case 'darray':
      return of.darray({ ...recipe, dargs: recipe.dargs.map((value: number | null) => value ?? undefined) })
    case 'resized':
      return of.resized(recipe.lb, recipe.extent)
  }
}
