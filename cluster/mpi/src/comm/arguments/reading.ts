/** What the arguments of collectives are read with. */

import { inPlace } from '../../constants.ts'
import type { Part, Parts } from '../../engine.ts'
import { arrayLike, type Data, Elements, isData, partOf } from '../../message/part.ts'
import { refusal } from '../../message/refusal.ts'
import type { Plan, ValuePlan } from '../plan.ts'
import { checkedRoot, isRoot, isUnderRoot, type Member } from '../roots.ts'

/** What a collective comes to. Arguments are what a user gave, whatever that is. */
export type Reader = (comm: Member, call: string, a: any, b: any, c: any, d: any) => Plan<any> | ValuePlan<any>

export const bytesOf = ({ count, type }: Part): number => count * type.size

/** What is received is as long as what is sent. */
export function checkSame(comm: Member, call: string, send: Part, recv: Part): void {
  if (comm.isInter || bytesOf(send) === bytesOf(recv)) return
  const expected = `room for ${bytesOf(send)} bytes from each rank, as many as are sent`
  throw refusal(comm, call, 'MPI_ERR_COUNT', 'recv', expected, bytesOf(recv))
}

/** A new array for `shares` times what is sent. */
export function newFor(comm: Member, call: string, send: Part | undefined, shares = 1): Part {
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
export function arrayOf(comm: Member, call: string, part: Part, from = 0): ArrayBufferView {
  const { view, count, type } = part
  if (!type.isContiguous)
    throw refusal(comm, call, 'MPI_ERR_TYPE', 'recv', 'a buffer, for elements of a type with gaps', undefined)
  const perElement = type.size / ((view as Uint8Array).BYTES_PER_ELEMENT ?? 1)
  if (view instanceof DataView)
    return new Uint8Array(view.buffer, view.byteOffset + from * perElement, count * perElement)
  return (view as Uint8Array).subarray(from * perElement, (from + count) * perElement)
}

export function arraysOf(comm: Member, call: string, { view, counts, displs, type }: Parts): ArrayBufferView[] {
  return counts.map((count, rank) => arrayOf(comm, call, new Elements(view, count, type), displs[rank]))
}

/** Arrays one after another. */
export function concat(arrays: unknown[]): Uint8Array {
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

export const isTyped = (send: unknown, recv: unknown): boolean =>
  isData(send) || send === inPlace || isData(recv) || recv === inPlace

/** What is sent, undefined in place. */
export const sent = (comm: Member, call: string, send: Data | typeof inPlace): Part | undefined =>
  send === inPlace ? undefined : partOf(comm, call, 'send', send)

export const first = (came: unknown[]): unknown => came[0]
export const all = (came: unknown[]): unknown[] => came

/** One value for each rank. */
export function checkedValues(comm: Member, call: string, values: unknown, ranks = comm.peers): unknown[] {
  if (Array.isArray(values) && values.length === ranks) return values
  throw refusal(comm, call, 'MPI_ERR_COUNT', 'values', `a list of ${ranks}, one for each rank`, values)
}

/** What a rooted call begins with. A root that comes second says that there is no buffer to receive into. */
export function rooted(comm: Member, call: string, second: unknown, third: number | undefined) {
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
export function checkInPlace(comm: Member, call: string, part: Part | undefined, isNeeded: boolean): void {
  if (part === undefined && isNeeded) {
    throw refusal(comm, call, 'MPI_ERR_BUFFER', 'send', 'a buffer: only the root calls this in place', 'inPlace')
  }
}
