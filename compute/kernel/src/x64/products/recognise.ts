/**
 * Kernels that are matrix products: for each element of an array c, a sum over k of a[…] · b[…], all indices linear in the range and in loops. Two ways of writing it are known,
 *
 *     let s = 0                                    for (let k …)
 *     for (let k …) s += a[…] * b[…]                 for (let j …) c[…] += a[…] * b[…]
 *     c[…] = s
 *
 * within any loops, the first with s beginning at c[…] as well, or with c[…] = alpha * s + beta * c[…] behind it, or anything else that takes place in single elements (`around.ts`), the second behind a part that makes the same elements 0. Either adds up in the order of k.
 * What the strides are, which array is the left operand, whether all is in range: that is the launch's affair (`launch.ts`).
 */

import { hasEffects, isPure, type KernelIR, type Location, type Region, type Value } from '../../ir/ir.ts'
import { checkAround, isSumOf, type Summed } from './around.ts'
import { Axes, Refusal } from './axes.ts'
import { isLikeProduct, termOf } from './like.ts'
import { type Scale, scaledSum } from './scale.ts'

export interface Product {
  readonly axes: Axes
  /** Of the operands: `f32` and `f64` are summed as they are, bytes (`i8`) as `i32`, `bf16` and `f16` as `f32`. */
  readonly dtype: 'f32' | 'f64' | 'i8' | 'bf16' | 'f16'
  /** The axis that is summed over. */
  readonly over: number
  /** The loads of the operands, and the store. */
  readonly a: Value
  readonly b: Value
  readonly c: Value
  /** Where the sum begins: at 0, at the element that is loaded, or at something that has to be computed before. */
  readonly start: 'zero' | 'before' | Value
  /** The load of the element that is written later. */
  readonly old: Value | undefined
  /** The sum is multiplied by alpha, and beta times what is loaded is added. */
  readonly scale: Scale | undefined
  /** The loop of a sum that is not in memory. */
  readonly summed: Summed | undefined
  /** What the sum begins with has to be written first (`kernelBefore`); something is made of the sum (`kernelAfter`); and loads for that. */
  readonly isBefore: boolean
  readonly isAfter: boolean
  readonly others: readonly Value[]
  /** The store that makes elements 0 before, and the axes that c and it go along. */
  readonly zeroed:
    | { readonly store: Value; readonly inner: readonly number[]; readonly outer: readonly number[] }
    | undefined
  /** The product may be rounded together with the sum. */
  readonly contract: boolean
  readonly loc: Location | undefined
}

/** @returns why it is none, where it is like one; undefined where nothing is */
export const recogniseProduct = (ir: KernelIR): Product | Refusal | undefined =>
  isLikeProduct(ir) ? new Recogniser(ir).find() : undefined

interface Zeroed {
  readonly store: Value
  readonly inner: readonly number[]
  /** Axes around it. */
  readonly outside: number
}

type Found = Omit<Product, 'axes' | 'dtype' | 'old' | 'others' | 'zeroed' | 'loc'>

class Recogniser {
  readonly #axes: Axes
  readonly #body: Region
  readonly #loads: Value[] = []
  #zeroed: Zeroed | undefined

  constructor(ir: KernelIR) {
    this.#axes = new Axes(ir)
    this.#body = ir.body
  }

  find(): Product | Refusal {
    const found = this.#nest(this.#body)
    return found instanceof Refusal ? found : this.#settled(found)
  }

  /** The loops around the sum, from outside. */
  #nest(region: Region): Found | Refusal {
    const parts = this.#parts(region)
    if (parts instanceof Refusal) return parts
    const last = parts.at(-1)
    if (last === undefined || parts.length > 2) return new Refusal('it does more than one thing')
    const [first] = parts
    if (last.op === 'store') {
      if (parts.length === 1) return this.#accumulated(last, region)
      return first.op === 'loop' ? this.#summed(first, last) : new Refusal('it writes more than one array or element')
    }
    if (parts.length === 2) {
      const zeroed = this.#zeroing(first)
      if (zeroed instanceof Refusal) return zeroed
      if (this.#zeroed !== undefined) return new Refusal('it makes elements 0 more than once')
      this.#zeroed = zeroed
    }
    const inside = this.#enter(last)
    return inside instanceof Refusal ? inside : this.#nest(inside)
  }

  /** Loops and stores of a region, in order; its loads are noted. */
  #parts(region: Region): Value[] | Refusal {
    const parts: Value[] = []
    for (const v of region.ops) {
      if (v.op === 'loop' || v.op === 'store') parts.push(v)
      else if (v.op === 'load') this.#loads.push(v)
      else if (v.op === 'if') return new Refusal('a condition decides what it does')
      else if (!isPure(v)) return new Refusal(`it has ${named[v.op] ?? v.op}`)
    }
    return parts
  }

  /** Makes a loop that only counts an axis. @returns its body */
  #enter(loop: Value): Region | Refusal {
    const others = this.#axes.add(loop)
    if (others instanceof Refusal) return others
    if (others.length > 0) return new Refusal('a loop around the sum carries values from round to round')
    const [test, body] = loop.regions!
    return test.ops.every(isPure) ? body : new Refusal('the test of a loop reads memory')
  }

  /** A store of zeros in any loops. */
  #zeroing(part: Value): Zeroed | Refusal {
    const outside = this.#axes.count
    let v = part
    while (v.op === 'loop') {
      const inside = this.#enter(v)
      const inner = inside instanceof Refusal ? inside : this.#parts(inside)
      if (inner instanceof Refusal) return inner
      if (inner.length !== 1) return new Refusal('it does more than one thing')
      v = inner[0]
    }
    if (!isZero(v.args[1])) return new Refusal('it writes something else than zeros before it adds up')
    return { store: v, inner: range(outside, this.#axes.count), outside }
  }

  /** A loop that sums into a variable, and the store of that. */
  #summed(loop: Value, store: Value): Found | Refusal {
    const over = this.#axes.count
    const others = this.#axes.add(loop)
    if (others instanceof Refusal) return others
    const [test, body] = loop.regions!
    if (hasEffects(test) || hasEffects(body)) return new Refusal('it writes while it sums')
    if (others.length !== 1) return new Refusal('the loop carries something else than one sum')
    const inner = this.#parts(body)
    if (inner instanceof Refusal) return inner
    if (inner.length > 0 || !test.ops.every(isPure)) return new Refusal('there is a loop in the sum')
    const [sum] = others
    const at = test.params.indexOf(sum)
    const term = termOf(body.results[at])
    if (term?.previous !== sum) return new Refusal('what is summed is not the product of two elements')
    if (this.#zeroed !== undefined) return new Refusal('it writes more than one array or element')
    const { a, b, contract } = term
    return { over, a, b, c: store, contract, ...this.#ends({ loop, result: at, store }) }
  }

  /** What a sum begins with, and what becomes of it. */
  #ends(summed: Summed): Pick<Found, 'start' | 'scale' | 'summed' | 'isBefore' | 'isAfter'> {
    const { loop, result, store } = summed
    const [, stored] = store.args
    const init = loop.args[result]
    const isElement = (v: Value) => v.op === 'load' && v.attr.buffer === store.attr.buffer
    const start = isZero(init) ? 'zero' : isElement(init) ? init : 'before'
    const isWritten = isSumOf(summed, stored)
    const scale =
      isWritten || start !== 'zero' || store.attr.element === 'i32'
        ? undefined
        : scaledSum(
            stored,
            v => isSumOf(summed, v),
            isElement,
            v => this.#axes.along(v) === 0,
          )
    return { start, scale, summed, isBefore: start === 'before', isAfter: !isWritten && scale === undefined }
  }

  /** `c[…] += a[…] * b[…]`. */
  #accumulated(store: Value, region: Region): Found | Refusal {
    const term = termOf(store.args[1])
    if (term === undefined) return new Refusal('what is written is not the sum of an element and a product')
    const { a, b, previous, contract } = term
    if (previous.op !== 'load' || !region.ops.includes(previous))
      return new Refusal('what a product is added to is not the element that is written')
    const along = this.#axes.along(store.args[0])
    const zeroing = new Set(this.#zeroed?.inner)
    const over = range(this.#axes.ir.rank, this.#axes.count).filter(
      axis => !zeroing.has(axis) && along !== undefined && (along & (1 << axis)) === 0,
    )
    if (over.length !== 1) return new Refusal('not one loop is summed over')
    if (this.#zeroed && over[0] < this.#zeroed.outside) return new Refusal('it makes elements 0 more than once')
    return {
      over: over[0],
      a,
      b,
      c: store,
      start: previous,
      scale: undefined,
      contract,
      summed: undefined,
      isBefore: false,
      isAfter: false,
    }
  }

  /** What all forms have in common. */
  #settled(found: Found): Product | Refusal {
    const { a, b, c, summed, isBefore, isAfter } = found
    // An element that is read before it is written.
    const old = typeof found.start === 'string' ? found.scale?.c : found.start
    const axes = this.#axes
    const { buffers } = axes.ir
    const accesses = [a, b, c, ...(old ? [old] : [])]
    const others = this.#loads.filter(v => !accesses.includes(v))
    const zeroing = this.#zeroed
    for (const v of [...accesses, ...others, ...(zeroing ? [zeroing.store] : [])]) {
      if (axes.along(v.args[0]) === undefined)
        return new Refusal(`an index of ${buffers[v.attr.buffer].name} is not linear in the range and the loops`)
    }
    const ends = [...(isBefore ? [summed!.loop.args[summed!.result]] : []), ...(isAfter ? [c.args[1]] : [])]
    const needed = new Set<Value>()
    for (const v of ends) {
      const refusal = checkAround(v, summed!, others, needed)
      if (refusal) return refusal
    }
    const unused = others.find(v => !needed.has(v))
    if (unused) return new Refusal(`it reads ${buffers[unused.attr.buffer].name} beside the operands`)
    const written = [...(old ? [old] : []), ...(zeroing ? [zeroing.store] : [])]
    if (written.some(v => v.attr.buffer !== c.attr.buffer))
      return new Refusal('an element of another array goes into it')
    const names = [a, b, c].map(v => v.attr.element as string)
    const dtype = dtypes[names.map(name => bytes[name] ?? name).join()]
    if (dtype === undefined) return new Refusal(`there is no block code for ${names[0]} · ${names[1]} into ${names[2]}`)
    const zeroed = zeroing && {
      store: zeroing.store,
      inner: zeroing.inner,
      outer: range(zeroing.outside + zeroing.inner.length, axes.count).filter(axis => axis !== found.over),
    }
    return { ...found, old, others, start: zeroed ? 'zero' : found.start, axes, dtype, zeroed, loc: c.loc }
  }
}

const dtypes: { readonly [elements: string]: Product['dtype'] } = {
  'f32,f32,f32': 'f32',
  'f64,f64,f64': 'f64',
  'i8,i8,i32': 'i8',
  'bf16,bf16,f32': 'bf16',
  'f16,f16,f32': 'f16',
}
/** One operand may have a sign and the other none. */
const bytes: { readonly [element: string]: string } = { u8: 'i8', u8c: 'i8' }

const named: { readonly [op: string]: string } = {
  atomic: 'atomic operations',
  assert: 'assertions',
  lload: 'private arrays',
  lstore: 'private arrays',
}

const isZero = (v: Value): boolean => v.op === 'const' && Object.is(v.attr, 0)

const range = (from: number, to: number): number[] => Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i)
