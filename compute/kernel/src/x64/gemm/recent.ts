/**
 * The last products that took one step, whose code reads the places of A, B and C and nothing else of them: one alike, in whatever arrays, is run without being looked at anew. All that can differ is looked at:
 * that each array is of its type, holds what is used of it, and that C's is apart from the others'. In any doubt it goes the whole way, which has the errors.
 */

import { placeOf } from '../run/addresses.ts'
import type { Isa } from '../run/cpu.ts'
import type { Checked, Placed } from './check.ts'
import type { MatrixProduct, Operand } from './product.ts'
import type { Addresses, Step } from './step.ts'
import { elementBytes } from './vector-product.ts'
import { Workspace } from './workspace.ts'

const mostRecent = 8

/** Of an operand, elements from the first to the last that are used, counted from its offset. */
interface Reach {
  readonly least: number
  readonly most: number
}

interface Recent {
  readonly product: MatrixProduct
  readonly isa: Isa
  readonly threads: number
  readonly Type: typeof Float32Array | typeof Float64Array
  readonly bytes: 4 | 8
  readonly reach: { readonly a: Reach; readonly b: Reach; readonly c: Reach }
  readonly step: Step
  readonly addresses: Addresses
  readonly written: Workspace
  readonly address: number
  readonly units: number
}

const recent: Recent[] = []
/** Where the next one is put. */
let next = 0

/** A step that is ready to be run, if such a product was among the last. */
export function recentStep(product: MatrixProduct, isa: Isa, threads: number): Recent | undefined {
  const known = recent[placeAmong(product, isa, threads)]
  return known?.step.body.isLoaded && place(known, product) ? known : undefined
}

/** Which of the recent ones is alike; -1: none. */
function placeAmong(product: MatrixProduct, isa: Isa, threads: number): number {
  for (let i = 0; i < recent.length; i++) {
    const known = recent[i]
    if (known.threads === threads && known.isa === isa && isAlike(known.product, product)) return i
  }
  return -1
}

export function remember(product: MatrixProduct, checked: Checked, isa: Isa, threads: number, step: Step): void {
  const { addresses } = step
  const { dtype, a, b, c } = product
  if (addresses === undefined || (dtype !== 'f32' && dtype !== 'f64')) return
  // One that is alike could not be run in these arrays, or its code is gone.
  const alike = placeAmong(product, isa, threads)
  const at = alike < 0 ? next : alike
  if (alike < 0) next = (next + 1) % mostRecent
  const written = recent[at]?.written ?? new Workspace()
  written.reset(step.bytes)
  const reach = { a: reachOf(checked.a), b: reachOf(checked.b), c: reachOf(checked.c) }
  recent[at] = {
    ...{ product: { ...product, a: stridesOf(a), b: stridesOf(b), c: stridesOf(c) }, isa, threads },
    ...{ Type: dtype === 'f32' ? Float32Array : Float64Array, bytes: elementBytes[dtype], reach },
    ...{ step, addresses, written, ...step.write(written) },
  }
}

const nothing = new Uint8Array(0)

/** Without the array, which is not to be kept. */
const stridesOf = (operand: Operand): Operand => ({ ...operand, array: nothing })

function reachOf({ array, offset, elementBytes: bytes, from, to }: Placed): Reach {
  const origin = array.byteOffset + offset
  return { least: (from - origin) / bytes, most: (to - origin) / bytes - 1 }
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
function place({ Type, bytes, reach, addresses, written }: Recent, { a, b, c }: MatrixProduct): boolean {
  if (!isWithin(a, reach.a, Type) || !isWithin(b, reach.b, Type) || !isWithin(c, reach.c, Type)) return false
  if (!isApart(a, reach.a, c, reach.c, bytes) || !isApart(b, reach.b, c, reach.c, bytes)) return false
  written.long(addresses.a, placeOf(a.array) + (a.offset ?? 0) * bytes)
  written.long(addresses.b, placeOf(b.array) + (b.offset ?? 0) * bytes)
  written.long(addresses.c, placeOf(c.array) + (c.offset ?? 0) * bytes)
  return true
}

function isWithin({ array, offset = 0 }: Operand, { least, most }: Reach, Type: Recent['Type']): boolean {
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
