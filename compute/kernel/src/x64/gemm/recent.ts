/**
 * The last products that took one step, of which nothing but places depends on the arrays: one alike, in whatever arrays, is run without being looked at anew. All that can differ is looked at:
 * that each array is of its type, holds what is used of it, and that C's is apart from the others'. In any doubt it goes the whole way, which has the errors.
 */

import type { Checked, Placed } from '../../gemm/check.ts'
import type { MatrixProduct, Operand } from '../../gemm/product.ts'
import { placeOf } from '../run/addresses.ts'
import type { Isa } from '../run/cpu.ts'
import type { Step } from './step.ts'
import { elementBytes } from './vector-product.ts'
import { type OperandName, Workspace } from './workspace.ts'

const mostRecent = 8
/** Larger ones take long enough. */
const mostBytes = 2 ** 19

/** Of an operand: from the first to the last element that is used, counted from its offset, and where it was. */
interface Reach {
  readonly least: number
  readonly most: number
  readonly address: number
}

interface Recent {
  readonly product: MatrixProduct
  readonly isa: Isa
  readonly threads: number
  /** From the second time on. */
  ready: Ready | undefined
}

interface Ready {
  readonly Type: typeof Float32Array | typeof Float64Array
  readonly bytes: 4 | 8
  readonly reach: { readonly [name in OperandName]: Reach }
  readonly isTurned: boolean
  readonly step: Step
  readonly written: Workspace
  readonly address: number
  readonly units: number
}

const recent: Recent[] = []
/** Where the next one is put. */
let next = 0

/** A step that is written and can be run, if such a product was among the last. */
export function recentStep(product: MatrixProduct, isa: Isa, threads: number): Ready | undefined {
  const ready = recent[placeAmong(product, isa, threads)]?.ready
  return ready?.step.body.isLoaded && place(ready, product) ? ready : undefined
}

/** @param step all that was done for it */
export function remember(product: MatrixProduct, checked: Checked, isa: Isa, threads: number, step: Step): void {
  const { dtype, a, b, c } = product
  if (step.again === undefined || step.bytes > mostBytes || (dtype !== 'f32' && dtype !== 'f64')) return
  const found = placeAmong(product, isa, threads)
  if (found < 0) {
    const shape = { ...product, a: stridesOf(a), b: stridesOf(b), c: stridesOf(c) }
    recent[next]?.ready?.written.free()
    recent[next] = { product: shape, isa, threads, ready: undefined }
    next = (next + 1) % mostRecent
    return
  }
  // If there is one already, it could not be run in these arrays, or its code is gone.
  const written = recent[found].ready?.written ?? new Workspace()
  written.reset(step.bytes)
  written.keep()
  recent[found].ready = {
    ...{ Type: dtype === 'f32' ? Float32Array : Float64Array, bytes: elementBytes[dtype] },
    reach: { a: reachOf(checked.a), b: reachOf(checked.b), c: reachOf(checked.c) },
    ...{ isTurned: step.again === 'turned', step, written, ...step.write(written) },
  }
}

const nothing = new Uint8Array(0)

/** Without the array, which is not to be kept. */
const stridesOf = (operand: Operand): Operand => ({ ...operand, array: nothing })

function reachOf({ array, offset, elementBytes: bytes, from, to }: Placed): Reach {
  const origin = array.byteOffset + offset
  return { least: (from - origin) / bytes, most: (to - origin) / bytes - 1, address: placeOf(array) + offset }
}

/** Which of the recent ones is alike; -1: none. */
function placeAmong(product: MatrixProduct, isa: Isa, threads: number): number {
  for (let i = 0; i < recent.length; i++) {
    const known = recent[i]
    if (known.threads === threads && known.isa === isa && isAlike(known.product, product)) return i
  }
  return -1
}

const isAlike = (x: MatrixProduct, y: MatrixProduct): boolean =>
  x.m === y.m &&
  x.n === y.n &&
  x.k === y.k &&
  x.dtype === y.dtype &&
  x.batch === y.batch &&
  x.start === y.start &&
  x.contract === y.contract &&
  x.fast === y.fast &&
  Object.is(x.scale?.alpha, y.scale?.alpha) &&
  Object.is(x.scale?.beta, y.scale?.beta) &&
  isPlacedAlike(x.a, y.a) &&
  isPlacedAlike(x.b, y.b) &&
  isPlacedAlike(x.c, y.c)

const isPlacedAlike = (x: Operand, y: Operand): boolean =>
  x.rowStride === y.rowStride &&
  x.columnStride === y.columnStride &&
  x.batchStride === y.batchStride &&
  x.conjugate === y.conjugate

/** Writes down where the operands are, if all is as it has to be. */
function place({ Type, bytes, reach, isTurned, written }: Ready, { a, b, c }: MatrixProduct): boolean {
  if (!isWithin(a, reach.a, Type) || !isWithin(b, reach.b, Type) || !isWithin(c, reach.c, Type)) return false
  if (!isApart(a, reach.a, c, reach.c, bytes) || !isApart(b, reach.b, c, reach.c, bytes)) return false
  written.move(isTurned ? 'b' : 'a', placeOf(a.array) + (a.offset ?? 0) * bytes - reach.a.address)
  written.move(isTurned ? 'a' : 'b', placeOf(b.array) + (b.offset ?? 0) * bytes - reach.b.address)
  written.move('c', placeOf(c.array) + (c.offset ?? 0) * bytes - reach.c.address)
  written.renew()
  return true
}

function isWithin({ array, offset = 0 }: Operand, { least, most }: Reach, Type: Ready['Type']): boolean {
  return array instanceof Type && Number.isSafeInteger(offset) && offset + least >= 0 && offset + most < array.length
}

function isApart(x: Operand, ofX: Reach, c: Operand, ofC: Reach, bytes: number): boolean {
  if (x.array.buffer !== c.array.buffer) return true
  const [fromX, fromC] = [x.array.byteOffset + (x.offset ?? 0) * bytes, c.array.byteOffset + (c.offset ?? 0) * bytes]
  return (
    fromX + (ofX.most + 1) * bytes <= fromC + ofC.least * bytes ||
    fromC + (ofC.most + 1) * bytes <= fromX + ofX.least * bytes
  )
}
