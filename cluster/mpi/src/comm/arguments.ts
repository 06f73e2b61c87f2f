/** The arguments of collectives, read and checked: each function here gives what one of them comes to. */

import type { TypedArray } from '@skein/heap'
import { inPlace } from '../constants.ts'
import type { Datatype } from '../datatype/datatype.ts'
import type { Collective, Part, Parts } from '../engine.ts'
import { MpiError } from '../errors.ts'
import {
  arrayLike,
  checkNoOverlap,
  type Data,
  Elements,
  isData,
  keptBytes,
  partOf,
  partsOf,
  shareOf,
  type TypedSlices,
  typedPartsOf,
} from '../message/part.ts'
import { refusal } from '../message/refusal.ts'
import { Op, sum } from '../op.ts'
import { isDefined, opsOf } from '../reduce/defined.ts'
import { fold } from './fold.ts'
import { Plan, ValuePlan } from './plan.ts'
import { checkedRoot, checkLive, isRoot, isUnderRoot, type Member } from './roots.ts'

/** What a collective comes to. Arguments are what a user gave, whatever that is. */
export type Reader = (comm: Member, call: string, a: any, b: any, c: any, d: any) => Plan<any> | ValuePlan<any>

const bytesOf = ({ count, type }: Part): number => count * type.size

/** What is received is as long as what is sent. */
function checkSame(comm: Member, call: string, send: Part, recv: Part): void {
  if (comm.isInter || bytesOf(send) === bytesOf(recv)) return
  const expected = `room for ${bytesOf(send)} bytes from each rank, as many as are sent`
  throw refusal(comm, call, 'MPI_ERR_COUNT', 'recv', expected, bytesOf(recv))
}

/** A new array for `shares` times what is sent. */
function newFor(comm: Member, call: string, send: Part | undefined, shares = 1): Part {
  if (send === undefined)
    throw refusal(comm, call, 'MPI_ERR_BUFFER', 'recv', 'a buffer, where what is sent is inPlace', undefined)
  const { view, count, type } = send
  if (type.recipe.is !== 'basic') {
    throw refusal(comm, call, 'MPI_ERR_TYPE', 'recv', 'a buffer, for elements of a derived datatype', undefined)
  }
  const perElement = type.size / ((view as Uint8Array).BYTES_PER_ELEMENT ?? 1)
  return new Elements(arrayLike(view, count * perElement * shares), shares === 0 ? 0 : count, type)
}

/** The elements of a part as an array: for values. */
function arrayOf(comm: Member, call: string, part: Part, from = 0): ArrayBufferView {
  const { view, count, type } = part
  if (!type.isContiguous)
    throw refusal(comm, call, 'MPI_ERR_TYPE', 'recv', 'a buffer, for elements of a type with gaps', undefined)
  const perElement = type.size / ((view as Uint8Array).BYTES_PER_ELEMENT ?? 1)
  if (view instanceof DataView)
    return new Uint8Array(view.buffer, view.byteOffset + from * perElement, count * perElement)
  return (view as Uint8Array).subarray(from * perElement, (from + count) * perElement)
}

function arraysOf(comm: Member, call: string, { view, counts, displs, type }: Parts): ArrayBufferView[] {
  return counts.map((count, rank) => arrayOf(comm, call, new Elements(view, count, type), displs[rank]))
}

/** Arrays one after another. */
function concat(arrays: unknown[]): Uint8Array {
  const lists = arrays as Uint8Array[]
  const whole = arrayLike(
    lists[0],
    lists.reduce((sum, { length }) => sum + length, 0),
  ) as Uint8Array
  let at = 0
  for (const list of lists) {
    whole.set(list, at)
    at += list.length
  }
  return whole
}

const isTyped = (send: unknown, recv: unknown): boolean =>
  isData(send) || send === inPlace || isData(recv) || recv === inPlace

/** What is sent, undefined in place. */
const sent = (comm: Member, call: string, send: Data | typeof inPlace): Part | undefined =>
  send === inPlace ? undefined : partOf(comm, call, 'send', send)

const first = (came: unknown[]): unknown => came[0]
const all = (came: unknown[]): unknown[] => came

/** One value for each rank. */
function checkedValues(comm: Member, call: string, values: unknown, ranks = comm.peers): unknown[] {
  if (Array.isArray(values) && values.length === ranks) return values
  throw refusal(comm, call, 'MPI_ERR_COUNT', 'values', `a list of ${ranks}, one for each rank`, values)
}

const barrierPlan = new Plan({ is: 'barrier' }, undefined)

export const barrier: Reader = (comm, call) => {
  checkLive(comm, call)
  return barrierPlan
}

export const bcast: Reader = (comm, call, data, givenRoot) => {
  const root = checkedRoot(comm, call, givenRoot)
  if (!isData(data)) return new ValuePlan('bcast', data, root, first)
  return new Plan({ is: 'bcast', part: partOf(comm, call, 'buffer', data), root }, data)
}

/** What a rooted call begins with. A root that comes second says that there is no buffer to receive into. */
function rooted(comm: Member, call: string, second: unknown, third: number | undefined) {
  const isShort = typeof second === 'number'
  const root = checkedRoot(comm, call, isShort ? second : third)
  return {
    recv: isShort ? undefined : (second as any),
    root,
    here: isRoot(comm, root),
    isUnder: isUnderRoot(comm, root),
    // In an intercommunicator a rank may have neither buffer: then it is the place of the root that tells of what form the call is.
    isLong: comm.isInter && !isShort && third !== undefined,
  }
}

/** In place is for the root alone. */
function checkInPlace(comm: Member, call: string, part: Part | undefined, isNeeded: boolean): void {
  if (part === undefined && isNeeded) {
    throw refusal(comm, call, 'MPI_ERR_BUFFER', 'send', 'a buffer: only the root calls this in place', 'inPlace')
  }
}

/** @param atRoot reads what the root receives into, where it gave that */
const gathering = (
  is: 'gather' | 'gatherv',
  atRoot: (comm: Member, call: string, mine: Part | undefined, recv: any) => Part | Parts,
  intoNew: (
    comm: Member,
    call: string,
    mine: Part | undefined,
    root: number,
    here: boolean,
  ) => Plan<any> | ValuePlan<any>,
): Reader => {
  return (comm, call, send, second, third) => {
    const { recv, root, here, isUnder, isLong } = rooted(comm, call, second, third)
    if (!isTyped(send, recv) && !isLong) return new ValuePlan('gather', send, root, came => (here ? came : undefined))
    const mine = isUnder ? sent(comm, call, send) : undefined
    if (!here) checkInPlace(comm, call, mine, isUnder)
    if (recv === undefined && mine !== undefined && (here || third === undefined)) {
      return intoNew(comm, call, mine, root, here)
    }
    const into = here ? atRoot(comm, call, mine, recv) : undefined
    return new Plan({ is, send: mine, recv: into, root } as Collective, undefined)
  }
}

export const gather = gathering(
  'gather',
  (comm, call, mine, recv) => {
    const share = shareOf(comm, call, 'recv', partOf(comm, call, 'recv', recv), comm.peers)
    if (mine !== undefined) {
      checkSame(comm, call, mine, share)
      checkNoOverlap(comm, call, mine, share, 1, comm.peers)
    }
    return share
  },
  (comm, call, mine, root, here) => {
    const made = here ? newFor(comm, call, mine, comm.peers) : undefined
    return new Plan({ is: 'gather', send: mine, recv: made, root }, made?.view)
  },
)

export const gatherv = gathering(
  'gatherv',
  (comm, call, _mine, recv) => partsOf(comm, call, 'recv', recv, comm.peers, true),
  // How much comes from each is not known before: arrays go as values.
  (comm, call, mine, root, here) =>
    new ValuePlan('gather', arrayOf(comm, call, mine!), root, came => (here ? concat(came) : undefined)),
)

/** @param atRoot reads what the root sends */
const scattering = (
  is: 'scatter' | 'scatterv',
  atRoot: (comm: Member, call: string, send: any) => Part | Parts,
  arrays: (comm: Member, call: string, send: Part | Parts) => ArrayBufferView[],
): Reader => {
  return (comm, call, send, second, third) => {
    const { recv, root, here, isUnder, isLong } = rooted(comm, call, second, third)
    if (recv === undefined && !isLong) {
      if (!here) return new ValuePlan('scatter', undefined, root, first)
      const given = isData(send) ? arrays(comm, call, atRoot(comm, call, send)) : checkedValues(comm, call, send)
      return new ValuePlan('scatter', given, root, first)
    }
    const mine = recv === inPlace || !isUnder ? undefined : partOf(comm, call, 'recv', recv)
    if (!here) {
      checkInPlace(comm, call, mine, isUnder)
      return new Plan({ is, recv: mine, root }, undefined)
    }
    const from = atRoot(comm, call, send)
    if (mine !== undefined && is === 'scatter') {
      checkSame(comm, call, from as Part, mine)
      checkNoOverlap(comm, call, from as Part, mine, comm.peers, 1)
    }
    return new Plan({ is, send: from, recv: mine, root } as Collective, undefined)
  }
}

export const scatter = scattering(
  'scatter',
  (comm, call, send) => shareOf(comm, call, 'send', partOf(comm, call, 'send', send), comm.peers),
  (comm, call, share) => {
    const { view, count, type } = share as Part
    const counts = new Array<number>(comm.peers).fill(count)
    return arraysOf(comm, call, { view, counts, displs: counts.map((_, rank) => rank * count), type })
  },
)

export const scatterv = scattering(
  'scatterv',
  (comm, call, send) => partsOf(comm, call, 'send', send, comm.peers, false),
  (comm, call, parts) => arraysOf(comm, call, parts as Parts),
)

export const allgather: Reader = (comm, call, send, recv) => {
  checkLive(comm, call)
  if (!isTyped(send, recv)) return new ValuePlan('allgather', send, 0, all)
  const mine = sent(comm, call, send)
  const { peers } = comm
  if (recv === undefined) {
    const made = newFor(comm, call, mine, peers)
    return new Plan({ is: 'allgather', send: mine, recv: made }, made.view)
  }
  const share = shareOf(comm, call, 'recv', partOf(comm, call, 'recv', recv), peers)
  if (mine !== undefined) {
    checkSame(comm, call, mine, share)
    checkNoOverlap(comm, call, mine, share, 1, peers)
  }
  return new Plan({ is: 'allgather', send: mine, recv: share }, undefined)
}

export const allgatherv: Reader = (comm, call, send, recv) => {
  checkLive(comm, call)
  if (!isTyped(send, recv)) return new ValuePlan('allgather', send, 0, all)
  const mine = sent(comm, call, send)
  if (recv === undefined && mine !== undefined) return new ValuePlan('allgather', arrayOf(comm, call, mine), 0, concat)
  return new Plan(
    { is: 'allgatherv', send: mine, recv: partsOf(comm, call, 'recv', recv, comm.peers, true) },
    undefined,
  )
}

export const alltoall: Reader = (comm, call, send, recv) => {
  checkLive(comm, call)
  const { peers } = comm
  if (!isTyped(send, recv)) return new ValuePlan('alltoall', checkedValues(comm, call, send), 0, all)
  const whole = sent(comm, call, send)
  const mine = whole && shareOf(comm, call, 'send', whole, peers)
  if (recv === undefined) {
    const made = newFor(comm, call, mine, peers)
    return new Plan({ is: 'alltoall', send: mine, recv: made }, made.view)
  }
  const share = shareOf(comm, call, 'recv', partOf(comm, call, 'recv', recv), peers)
  if (mine !== undefined) {
    checkSame(comm, call, mine, share)
    checkNoOverlap(comm, call, mine, share, peers, peers)
  }
  return new Plan({ is: 'alltoall', send: mine, recv: share }, undefined)
}

export const alltoallv: Reader = (comm, call, send, recv) => {
  checkLive(comm, call)
  const { peers } = comm
  if (!isTyped(send, recv)) return new ValuePlan('alltoall', checkedValues(comm, call, send), 0, all)
  const mine = send === inPlace ? undefined : partsOf(comm, call, 'send', send, peers, false)
  if (recv === undefined && mine !== undefined) return new ValuePlan('alltoall', arraysOf(comm, call, mine), 0, concat)
  return new Plan({ is: 'alltoallv', send: mine, recv: partsOf(comm, call, 'recv', recv, peers, true) }, undefined)
}

export const alltoallw: Reader = (comm, call, send: TypedSlices | typeof inPlace, recv: TypedSlices) => {
  checkLive(comm, call)
  const mine = send === inPlace ? undefined : typedPartsOf(comm, call, 'send', send, comm.peers, false)
  return new Plan(
    { is: 'alltoallw', send: mine, recv: typedPartsOf(comm, call, 'recv', recv, comm.peers, true) },
    undefined,
  )
}

// Reductions.

type Operation = Op | ((a: any, b: any) => unknown)

const isOperation = (x: unknown): x is Operation => x instanceof Op || typeof x === 'function'

/** A function stands for an operation that is not commutative. */
function checkedOp(comm: Member, call: string, op: Operation | undefined): Op {
  if (op === undefined) return sum
  if (typeof op === 'function') return Op.create(op)
  if (!(op instanceof Op)) throw refusal(comm, call, 'MPI_ERR_OP', 'op', 'an Op, or a function of two elements', op)
  if (op.isFree) throw refusal(comm, call, 'MPI_ERR_OP', 'op', 'an Op that is not freed', op)
  return op
}

const logical = new Set(['land', 'lor', 'lxor'])
const bitwise = new Set(['band', 'bor', 'bxor'])
const arithmetic = new Set(['sum', 'prod', 'max', 'min'])

/** A number goes as an array of one, where the operation is MPI's own: as what kind, or undefined. */
function numberArray(
  comm: Member,
  call: string,
  value: unknown,
  op: Op,
): Float64Array | BigInt64Array | Uint8Array | undefined {
  if (typeof value !== 'number' && typeof value !== 'boolean') return undefined
  if (arithmetic.has(op.name)) return Float64Array.of(Number(value))
  if (logical.has(op.name)) return Uint8Array.of(value ? 1 : 0)
  if (!bitwise.has(op.name)) return undefined
  if (typeof value === 'number' && !Number.isSafeInteger(value))
    throw refusal(comm, call, 'MPI_ERR_OP', 'the value', `a whole number, for ${op.name}`, value)
  return BigInt64Array.of(BigInt(value))
}

const asGiven = (result: number | bigint, value: unknown, op: Op): unknown =>
  typeof value === 'boolean' && !arithmetic.has(op.name) ? Number(result) !== 0 : Number(result)

export const reduce: Reader = (comm, call, send, second, third, fourth) => {
  const [recv, givenOp, givenRoot] = isOperation(second) ? [undefined, second, third] : [second, third, fourth]
  const root = checkedRoot(comm, call, givenRoot)
  const op = checkedOp(comm, call, givenOp)
  const here = isRoot(comm, root)
  const isLong = comm.isInter && !isOperation(second) && isOperation(third)
  if (!isTyped(send, recv) && !isLong) {
    const one = comm.isInter ? undefined : numberArray(comm, call, send, op)
    if (one === undefined)
      return new ValuePlan('gather', send, root, came => (here ? fold(comm, call, op, came) : undefined))
    const recvOne = here ? partOf(comm, call, 'recv', one.slice()) : undefined
    const part = partOf(comm, call, 'send', one)
    return new Plan<unknown>({ is: 'reduce', send: part, recv: recvOne, op, root }, undefined, () =>
      recvOne === undefined ? undefined : asGiven((recvOne.view as Float64Array | BigInt64Array)[0], send, op),
    )
  }
  const mine = isUnderRoot(comm, root) ? sent(comm, call, send) : undefined
  if (!here) {
    checkInPlace(comm, call, mine, isUnderRoot(comm, root))
    if (mine !== undefined) checkGoesWith(comm, call, op, mine)
    return new Plan({ is: 'reduce', send: mine, op, root }, undefined)
  }
  if (recv === undefined) {
    const made = newFor(comm, call, mine)
    checkGoesWith(comm, call, op, made)
    return new Plan({ is: 'reduce', send: mine, recv: made, op, root }, made.view)
  }
  const part = partOf(comm, call, 'recv', recv)
  checkReduced(comm, call, op, mine, part)
  return new Plan({ is: 'reduce', send: mine, recv: part, op, root }, undefined)
}

/** The two that went together when it was last asked. */
let lastOp: Op | undefined
let lastType: Datatype | undefined

function checkGoesWith(comm: Member, call: string, op: Op, { type }: Part): void {
  if (op === lastOp && type === lastType) return
  if (!isDefined(op, type)) {
    const names = type.recipe.is === 'basic' ? opsOf(type.recipe.kind) : []
    const advice =
      names.length > 0
        ? `There are ${names.join(', ')}; make another with Op.create`
        : 'Make one with Op.create or Op.createForArrays'
    throw refusal(comm, call, 'MPI_ERR_OP', 'op', `one for elements of ${type}`, op.name, advice)
  }
  lastOp = op
  lastType = type
}

/** The operation goes with the type, and a reduction receives as many elements as it sends, of the same type. */
function checkReduced(comm: Member, call: string, op: Op, send: Part | undefined, recv: Part): void {
  checkGoesWith(comm, call, op, recv)
  if (send === undefined) return
  checkNoOverlap(comm, call, send, recv)
  if (send.count !== recv.count) {
    throw refusal(comm, call, 'MPI_ERR_COUNT', 'count of recv', `${send.count}, as many as are sent`, recv.count)
  }
  const isSame = send.type.isContiguous && recv.type.isContiguous && send.type.signature === recv.type.signature
  if (send.type !== recv.type && !isSame) {
    throw refusal(comm, call, 'MPI_ERR_TYPE', 'type of recv', `that of what is sent, ${send.type}`, String(recv.type))
  }
}

const folding = (
  is: 'allreduce' | 'scan' | 'exscan',
  fromRanks: (comm: Member, came: unknown[]) => unknown[],
): Reader => {
  /** Of two short arrays, whole: programs reduce the same ones again and again. */
  let last: KeptReduction | undefined
  const readAnew: Reader = (comm, call, send, second, third) => {
    checkLive(comm, call)
    const isOp = isOperation(second)
    const recv = isOp ? undefined : second
    const op = checkedOp(comm, call, isOp ? second : third)
    if (!isTyped(send, recv)) {
      const one = comm.isInter ? undefined : numberArray(comm, call, send, op)
      const isEmpty = is === 'exscan' && comm.rank === 0
      if (one === undefined) {
        return new ValuePlan('allgather', send, 0, came =>
          isEmpty ? undefined : fold(comm, call, op, fromRanks(comm, came)),
        )
      }
      const result = partOf(comm, call, 'recv', one.slice())
      return new Plan<unknown>({ is, send: partOf(comm, call, 'send', one), recv: result, op }, undefined, () =>
        isEmpty ? undefined : asGiven((result.view as Float64Array | BigInt64Array)[0], send, op),
      )
    }
    const mine = sent(comm, call, send)
    if (recv === undefined) {
      const made = newFor(comm, call, mine)
      checkGoesWith(comm, call, op, made)
      return new Plan({ is, send: mine, recv: made, op }, made.view)
    }
    const part = partOf(comm, call, 'recv', recv)
    checkReduced(comm, call, op, mine, part)
    const plan = new Plan({ is, send: mine, recv: part, op }, undefined)
    if (mine?.view === send && part.view === recv && bytesOf(part) <= keptBytes)
      last = { send, recv, op, comm, count: part.count, plan }
    return plan
  }
  return (comm, call, send, second, third) =>
    last !== undefined && isAgain(last, comm, send, second, third)
      ? last.plan
      : readAnew(comm, call, send, second, third, undefined)
}

interface KeptReduction {
  readonly send: TypedArray
  readonly recv: TypedArray
  readonly op: Op
  readonly comm: Member
  readonly count: number
  readonly plan: Plan<undefined>
}

/** An array that was detached, or of which there is less, has another length. */
const isAgain = (last: KeptReduction, comm: Member, send: unknown, recv: unknown, op: unknown): boolean =>
  last.comm === comm &&
  last.send === send &&
  last.recv === recv &&
  last.op === op &&
  last.send.length === last.count &&
  last.recv.length === last.count &&
  comm.peers > 0 &&
  !last.op.isFree

export const allreduce = folding('allreduce', (_comm, came) => came)
export const scan = folding('scan', (comm, came) => came.slice(0, comm.rank + 1))
export const exscan = folding('exscan', (comm, came) => came.slice(0, comm.rank))

export const reduceScatterBlock: Reader = (comm, call, send, second, third) => {
  checkLive(comm, call)
  const [recv, givenOp] = isOperation(second) ? [undefined, second] : [second, third]
  const op = checkedOp(comm, call, givenOp)
  const { size } = comm
  if (!isTyped(send, recv))
    return new ValuePlan('alltoall', checkedValues(comm, call, send), 0, came => fold(comm, call, op, came))
  if (send === inPlace) {
    const share = shareOf(comm, call, 'recv', partOf(comm, call, 'recv', recv), size)
    checkGoesWith(comm, call, op, share)
    return new Plan({ is: 'reduceScatterBlock', recv: share, op }, undefined)
  }
  const share = shareOf(comm, call, 'send', partOf(comm, call, 'send', send), size)
  if (recv === undefined) {
    const made = newFor(comm, call, share)
    checkGoesWith(comm, call, op, share)
    return new Plan({ is: 'reduceScatterBlock', send: share, recv: made, op }, made.view)
  }
  const part = partOf(comm, call, 'recv', recv)
  checkReduced(comm, call, op, share, part)
  checkNoOverlap(comm, call, share, part, size)
  return new Plan({ is: 'reduceScatterBlock', send: share, recv: part, op }, undefined)
}

/** `(send, recv, counts, op)`, or `(send, counts, op)` for a new array; of values, `(values, op)`. */
export const reduceScatter: Reader = (comm, call, send, second, third, fourth) => {
  checkLive(comm, call)
  if (!isTyped(send, isData(second) ? second : undefined))
    return reduceScatterBlock(comm, call, send, second, third, fourth)
  const isIntoNew = !isData(second) || isOperation(third) || third === undefined
  const [recv, given, givenOp] = isIntoNew ? [undefined, second, third] : [second, third, fourth]
  const op = checkedOp(comm, call, givenOp)
  const counts = checkedCounts(comm, call, given)
  const total = counts.reduce((a, b) => a + b, 0)
  const all = send === inPlace ? partOf(comm, call, 'recv', recv as Data) : partOf(comm, call, 'send', send)
  if (all.count !== total) {
    const expected = `${total}, the sum of counts`
    throw refusal(comm, call, 'MPI_ERR_COUNT', `count of ${send === inPlace ? 'recv' : 'send'}`, expected, all.count)
  }
  const count = counts[comm.rank]
  const own = new Elements(all.view, count, all.type)
  checkGoesWith(comm, call, op, own)
  if (send === inPlace) return new Plan({ is: 'reduceScatter', recv: own, counts, op }, undefined)
  if (recv === undefined) {
    const made = newFor(comm, call, own)
    return new Plan({ is: 'reduceScatter', send: all, recv: made, counts, op }, made.view)
  }
  const part = partOf(comm, call, 'recv', recv)
  checkReduced(comm, call, op, own, part)
  checkNoOverlap(comm, call, all, part)
  return new Plan({ is: 'reduceScatter', send: all, recv: part, counts, op }, undefined)
}

function checkedCounts(comm: Member, call: string, counts: ArrayLike<number> | undefined): number[] {
  const list = counts?.length === comm.size ? Array.from(counts) : []
  if (list.length !== comm.size || list.some(count => !Number.isSafeInteger(count) || count < 0)) {
    throw refusal(
      comm,
      call,
      'MPI_ERR_COUNT',
      'counts',
      `a list of ${comm.size} whole numbers, one for each rank`,
      counts,
    )
  }
  return list
}

// Neighbourhoods.

function neighborhood(comm: Member, call: string): { sources: readonly number[]; destinations: readonly number[] } {
  checkLive(comm, call)
  const { sources, destinations, rank, name } = comm
  if (sources === undefined || destinations === undefined) {
    throw new MpiError(
      'MPI_ERR_TOPOLOGY',
      { call, rank, comm: name },
      'the communicator has no topology: make one by cart, graph or distGraph',
    )
  }
  return { sources, destinations }
}

export const neighborAllgather: Reader = (comm, call, send, recv) => {
  const { sources } = neighborhood(comm, call)
  if (!isTyped(send, recv)) return new ValuePlan('neighborAllgather', send, 0, all)
  const mine = partOf(comm, call, 'send', send)
  if (recv === undefined) {
    const made = newFor(comm, call, mine, sources.length)
    return new Plan({ is: 'neighborAllgather', send: mine, recv: made }, made.view)
  }
  const share = shareOf(comm, call, 'recv', partOf(comm, call, 'recv', recv), sources.length)
  checkNoOverlap(comm, call, mine, share, 1, sources.length)
  return new Plan({ is: 'neighborAllgather', send: mine, recv: share }, undefined)
}

export const neighborAllgatherv: Reader = (comm, call, send, recv) => {
  const { sources } = neighborhood(comm, call)
  if (!isTyped(send, recv)) return new ValuePlan('neighborAllgather', send, 0, all)
  const mine = partOf(comm, call, 'send', send)
  return new Plan(
    { is: 'neighborAllgatherv', send: mine, recv: partsOf(comm, call, 'recv', recv, sources.length, true) },
    undefined,
  )
}

export const neighborAlltoall: Reader = (comm, call, send, recv) => {
  const { sources, destinations } = neighborhood(comm, call)
  if (!isTyped(send, recv)) {
    return new ValuePlan('neighborAlltoall', checkedValues(comm, call, send, destinations.length), 0, all)
  }
  const mine = shareOf(comm, call, 'send', partOf(comm, call, 'send', send), destinations.length)
  if (recv === undefined) {
    const made = newFor(comm, call, mine, sources.length)
    return new Plan({ is: 'neighborAlltoall', send: mine, recv: made }, made.view)
  }
  const share = shareOf(comm, call, 'recv', partOf(comm, call, 'recv', recv), sources.length)
  checkNoOverlap(comm, call, mine, share, destinations.length, sources.length)
  return new Plan({ is: 'neighborAlltoall', send: mine, recv: share }, undefined)
}

export const neighborAlltoallv: Reader = (comm, call, send, recv) => {
  const { sources, destinations } = neighborhood(comm, call)
  const mine = partsOf(comm, call, 'send', send, destinations.length, false)
  return new Plan(
    { is: 'neighborAlltoallv', send: mine, recv: partsOf(comm, call, 'recv', recv, sources.length, true) },
    undefined,
  )
}

export const neighborAlltoallw: Reader = (comm, call, send, recv) => {
  const { sources, destinations } = neighborhood(comm, call)
  const mine = typedPartsOf(comm, call, 'send', send, destinations.length, false)
  return new Plan(
    { is: 'neighborAlltoallw', send: mine, recv: typedPartsOf(comm, call, 'recv', recv, sources.length, true) },
    undefined,
  )
}
