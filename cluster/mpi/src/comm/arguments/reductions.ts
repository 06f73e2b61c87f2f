/** Collectives that combine. */

import type { TypedArray } from '@skein/heap'
import { inPlace } from '../../constants.ts'
import type { Datatype } from '../../datatype/datatype.ts'
import type { Part } from '../../engine.ts'
import { checkNoOverlap, type Data, Elements, isData, keptBytes, partOf, shareOf } from '../../message/part.ts'
import { refusal } from '../../message/refusal.ts'
import { Op, sum } from '../../op.ts'
import { isDefined, opsOf } from '../../reduce/defined.ts'
import { fold } from '../fold.ts'
import { Plan, ValuePlan } from '../plan.ts'
import { checkedRoot, checkLive, isRoot, isUnderRoot, type Member } from '../roots.ts'
import { bytesOf, checkedValues, checkInPlace, isTyped, newFor, type Reader, sent } from './reading.ts'

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

/** Values are received into nothing: what stands in that place is no buffer, and meant to be the operation. */
function checkNoBuffer(comm: Member, call: string, recv: unknown): void {
  if (recv === undefined) return
  throw refusal(comm, call, 'MPI_ERR_OP', 'op', 'an Op, or a function of two elements', recv, 'There are sum, max, …')
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
  const isLong = comm.isInter && !isOperation(second) && isOperation(third)
  const isOfValues = !isTyped(send, recv) && !isLong
  if (isOfValues) checkNoBuffer(comm, call, recv)
  const root = checkedRoot(comm, call, givenRoot)
  const op = checkedOp(comm, call, givenOp)
  const here = isRoot(comm, root)
  if (isOfValues) {
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
      checkNoBuffer(comm, call, recv)
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
  if (!isTyped(send, recv)) {
    checkNoBuffer(comm, call, recv)
    return new ValuePlan('alltoall', checkedValues(comm, call, send), 0, came => fold(comm, call, op, came))
  }
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
