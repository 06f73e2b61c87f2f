/** Products of small matrices, one after the other by code made for their shape (`small.ts`). */

import type { Complex } from '../../gemm/product.ts'
import type { Isa } from '../run/cpu.ts'
import { elements } from './format.ts'
import { type Arranged, worthThreads } from './plan.ts'
import { knownShape, makeShape } from './shapes.ts'
import { SmallEmitter, type SmallShape, smallArgs } from './small.ts'
import type { Step } from './step.ts'

/** B, which all rows of A meet, stays in the first cache with what else is read. */
const mostBytes = 2 ** 15
const mostSize = 64
/** Displacements of some steps stay within 32 bits. */
const mostStride = 2 ** 24
/** It takes so many products of a shape until code for it is worth making. Those of so many shapes are counted. */
const worthCode = 8
const mostCounted = 256
/** Multiplications that a thread takes at a time, at least. */
const leastAtATime = 50_000

/** How often each shape has been asked for. */
const asked = new Map<string, number>()

/** @param strides in bytes from one product to the next. Undefined: they are to be done as larger ones are */
export function smallStep(
  { type, m, n, k, a, b, c, start, scale, contract }: Arranged,
  batch: number,
  strides: { readonly a: number; readonly b: number; readonly c: number },
  isa: Isa,
  most: number,
): Step | undefined {
  if ((type !== 'f32' && type !== 'f64') || a.stored !== type) return undefined
  const { bytes } = elements[type]
  if (m > mostSize || n > mostSize || k > mostSize || k === 0 || k * n * bytes > mostBytes) return undefined
  if (c.columnStride !== bytes || b.columnStride !== bytes) return undefined
  const shape: SmallShape = {
    ...{ isa, type, m, n, k, contract },
    aRow: a.rowStride,
    aColumn: a.columnStride,
    bRow: b.rowStride,
    cRow: c.rowStride,
    start: start ? 'c' : 'zero',
    scale: scale === undefined ? 'none' : scale.beta === undefined ? 'alpha' : 'alpha and beta',
  }
  const { aRow, aColumn, bRow, cRow } = shape
  if (Math.max(Math.abs(aRow), Math.abs(aColumn), Math.abs(bRow), Math.abs(cRow)) > mostStride) return undefined
  const name = `gemm small ${Object.values(shape).join(' ')}`
  let code = knownShape(name)
  if (code === undefined) {
    if (!isWorthCode(name, batch)) return undefined
    code = makeShape(name, assembler => new SmallEmitter(assembler, shape).emit())
  }
  const { body } = code
  const work = m * n * k
  const threads = work * batch < worthThreads ? 1 : most
  return {
    body,
    hold: () => code.hold(),
    again: 'as asked',
    threads,
    chunk: Math.ceil(leastAtATime / work),
    bytes: smallArgs.bytes,
    write(workspace) {
      const at = workspace.take(smallArgs.bytes)
      workspace.address('a', at + smallArgs.a, a.address)
      workspace.address('b', at + smallArgs.b, b.address)
      workspace.address('c', at + smallArgs.c, c.address)
      workspace.long(at + smallArgs.aBatch, strides.a)
      workspace.long(at + smallArgs.bBatch, strides.b)
      workspace.long(at + smallArgs.cBatch, strides.c)
      workspace.element(at + smallArgs.alpha, type, realOf(scale?.alpha))
      workspace.element(at + smallArgs.beta, type, realOf(scale?.beta))
      return { address: workspace.addressOf(at), units: batch }
    },
  }
}

const realOf = (factor: number | Complex = 0): number => (typeof factor === 'number' ? factor : factor[0])

function isWorthCode(name: string, batch: number): boolean {
  const count = (asked.get(name) ?? 0) + batch
  if (count < worthCode) {
    if (asked.size >= mostCounted) asked.clear()
    asked.set(name, count)
    return false
  }
  asked.delete(name)
  return true
}
