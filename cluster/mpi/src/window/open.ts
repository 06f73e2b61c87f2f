/** How a communicator makes windows: what the user gives is checked, and becomes a plan for the engine. */

import type { TypedArray, TypedArrayClass } from '@skein/heap'
import type { Group } from '../comm/group.ts'
import { checkLive, type Member } from '../comm/roots.ts'
import type { Engine } from '../engine.ts'
import { hintsOf, type Info } from '../info.ts'
import { checkKept, type Data, isArrayClass, partOf } from '../message/part.ts'
import { refusal } from '../message/refusal.ts'
import type { WindowPlan } from './port.ts'
import { Window } from './window.ts'

export interface WindowOptions {
  /** Bytes that displacements to this rank count; those of an element of its array, if it is left out. */
  readonly dispUnit?: number
  /** Hints for the engine. */
  readonly info?: Info
}

export interface SharedWindowOptions extends WindowOptions {
  /** Each rank's memory follows that of the rank before; else it lies where it is reached fastest. */
  readonly isContiguous?: boolean
}

/** Who makes it. */
interface Maker extends Member {
  readonly engine: Engine
  readonly group: Group
  failed(error: unknown): unknown
}

export function createWindow<T extends TypedArray | DataView>(
  comm: Maker,
  memory: Data | undefined,
  options: WindowOptions = {},
): Window<T> {
  checkLive(comm, 'window')
  const part = memory === undefined ? undefined : partOf(comm, 'window', 'memory', memory)
  if (part !== undefined) checkKept(comm, 'window', part.view)
  const base = (part === undefined ? new Uint8Array(0) : within(part)) as TypedArray
  const dispUnit = checkedUnit(comm, 'window', options, part === undefined ? 1 : (base.BYTES_PER_ELEMENT ?? 1))
  const hints = hintsOf(comm, 'window', options.info)
  return opened(comm, 'window', { flavor: 'create', view: base, dispUnit, hints }, () => base as unknown as T)
}

/** A slice's elements alone, as an array of their class. */
function within({ view, count, type }: { view: ArrayBufferView; count: number; type: { extent: number } }) {
  const bytes = Math.min(view.byteLength, count * Math.abs(type.extent))
  if (view instanceof DataView) return new DataView(view.buffer, view.byteOffset, bytes)
  const array = view as TypedArray
  return bytes === view.byteLength ? array : array.subarray(0, Math.ceil(bytes / array.BYTES_PER_ELEMENT))
}

export function allocateWindow<T extends TypedArray>(
  comm: Maker,
  kind: TypedArrayClass<T>,
  length: number,
  options: SharedWindowOptions = {},
  flavor: 'allocate' | 'shared' = 'allocate',
): Window<T> {
  const call = flavor === 'allocate' ? 'allocateWindow' : 'allocateSharedWindow'
  checkLive(comm, call)
  const size = isArrayClass(kind) ? kind.BYTES_PER_ELEMENT : 0
  if (size === 0) throw refusal(comm, call, 'MPI_ERR_TYPE', 'kind', 'a class of typed arrays', kind)
  if (!Number.isSafeInteger(length) || length < 0 || !Number.isSafeInteger(length * size))
    throw refusal(comm, call, 'MPI_ERR_SIZE', 'length', 'a whole number from 0 on', length)
  const { isContiguous = true } = options
  if (typeof isContiguous !== 'boolean')
    throw refusal(comm, call, 'MPI_ERR_ARG', 'isContiguous', 'true or false', isContiguous)
  const dispUnit = checkedUnit(comm, call, options, size)
  const hints = hintsOf(comm, call, options.info)
  const plan: WindowPlan = { flavor, bytes: length * size, dispUnit, isContiguous, hints }
  const Kind = kind as unknown as new (buffer: ArrayBufferLike, from: number, length: number) => T
  return opened(comm, call, plan, ({ buffer, byteOffset }) => new Kind(buffer, byteOffset, length))
}

export function dynamicWindow(comm: Maker, { info }: Pick<WindowOptions, 'info'> = {}): Window<Uint8Array> {
  checkLive(comm, 'dynamicWindow')
  const hints = hintsOf(comm, 'dynamicWindow', info)
  return opened(comm, 'dynamicWindow', { flavor: 'dynamic', hints }, () => new Uint8Array(0))
}

function opened<T extends TypedArray | DataView>(
  comm: Maker,
  call: string,
  plan: WindowPlan,
  baseOf: (memory: ArrayBufferView) => T,
): Window<T> {
  const { engine, group } = comm
  try {
    const port = comm.port.openWindow(plan)
    const name = `${comm.name} ${call === 'window' ? call : 'window'}`
    return new Window<T>({ port, engine, group, name, flavor: plan.flavor, base: baseOf(port.memory) })
  } catch (error) {
    throw comm.failed(error)
  }
}

function checkedUnit(comm: Maker, call: string, { dispUnit }: WindowOptions, natural: number): number {
  if (dispUnit === undefined) return natural
  if (Number.isSafeInteger(dispUnit) && dispUnit > 0 && dispUnit < 2 ** 31) return dispUnit
  throw refusal(comm, call, 'MPI_ERR_DISP', 'dispUnit', 'a whole number of bytes, 1 or more', dispUnit)
}
