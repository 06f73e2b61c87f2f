/** A tree as the IR of one kernel: leaves are read, operations computed, what is kept is written. */

import { Builder, type Element, type KernelIR, type Program, type Value } from '@skein/kernel/compiler'
import { type DType, infoOf } from '../dtypes.ts'
import { convert, type Lane, pair, real } from './lanes.ts'
import type { Linear } from './linear.ts'
import { programOf } from './programs.ts'

/** How an operand runs through the axes of a kernel. */
export interface Access {
  readonly dtype: DType
  /** Of each axis: it stands still, goes on by one, or by a number that is given at each launch. */
  readonly steps: readonly ('0' | '1' | 's')[]
  /** It begins behind the array's first element, at a place given at each launch. */
  readonly hasOffset: boolean
}

export const accessText = ({ steps, hasOffset }: Access): string => `${steps.join('')}${hasOffset ? '+' : ''}`

/** The access of strides. The last axis may go on by one; of others the step is given, since it depends on lengths. */
export function accessOf(dtype: DType, strides: readonly number[], offset: number): Access {
  const last = strides.length - 1
  const steps = strides.map((s, d) => (s === 0 ? '0' : s === 1 && d === last ? '1' : 's') as '0' | '1' | 's')
  return { dtype, steps, hasOffset: offset !== 0 }
}

/** Adds what a launch gives for an access, in the order in which the kernel has it. */
export function addLaunchScalars(
  { steps, hasOffset }: Access,
  strides: readonly number[],
  offset: number,
  scalars: (number | bigint)[],
): void {
  if (hasOffset) scalars.push(offset)
  for (let d = 0; d < steps.length; d++) if (steps[d] === 's') scalars.push(strides[d])
}

const noSite = {
  kind: 'index' as const,
  loc: { line: 1, column: 0, start: 0, end: 0 },
  text: 'an element',
}

/** Makes IR that reads and writes elements of arrays. */
export class Composer {
  readonly b = new Builder()
  readonly #buffers: KernelIR['buffers'] = []
  readonly #scalars: KernelIR['scalars'] = []

  /** A number given at each launch. */
  scalar(type: 'f64' | 'i64'): Value {
    this.#scalars.push({ name: `s${this.#scalars.length}`, type })
    return this.b.op('scalar', type, [], this.#scalars.length - 1)
  }

  buffer(element: Element): number {
    return this.#buffers.push({ name: `x${this.#buffers.length}`, element, space: 'global' }) - 1
  }

  /** A value given at each launch, of a dtype; complex ones are two. */
  value(dtype: DType): Lane {
    const { type, kind } = infoOf(dtype)
    if (type === 'i64') return real(dtype, this.scalar('i64'))
    const from = kind === 'float' || kind === 'complex' ? 'float64' : kind === 'bool' ? 'bool' : 'float64'
    const part = (): Value => {
      const given = this.scalar('f64')
      if (from === 'bool') return this.b.ne(given, 0)
      const to = kind === 'complex' ? (type === 'f32' ? 'float32' : 'float64') : dtype
      return convert(this.b, real('float64', given), to).v
    }
    return kind === 'complex' ? pair(dtype, part(), part()) : real(dtype, part())
  }

  index(axis: number): Value {
    return this.b.op('index', 'i32', [], axis)
  }

  whole(): Value {
    return this.b.cvt('toint32', this.scalar('f64'), 'i32')
  }

  /** Where an access is, given the index of each axis. */
  place(access: Access, indices: readonly Value[]): Value {
    const { b } = this
    let at: Value | undefined = access.hasOffset ? this.whole() : undefined
    for (const [d, step] of access.steps.entries()) {
      if (step === '0') continue
      const term = step === '1' ? indices[d] : b.mul(indices[d], this.whole())
      at = at === undefined ? term : b.add(at, term)
    }
    return at ?? b.const('i32', 0)
  }

  load(dtype: DType, buffer: number, at: Value): Lane {
    const { b } = this
    const { element, kind } = infoOf(dtype)
    if (kind === 'complex') {
      const first = b.shl(at, 1)
      return pair(dtype, b.load(buffer, element, first, 0), b.load(buffer, element, b.add(first, 1), 0))
    }
    const v = b.load(buffer, element, at, 0)
    return real(dtype, kind === 'bool' ? b.ne(v, 0) : v)
  }

  store(x: Lane, buffer: number, at: Value): void {
    const { b } = this
    const { element } = infoOf(x.dtype)
    if (x.im) {
      const first = b.shl(at, 1)
      b.store(buffer, element, first, x.v, 0)
      b.store(buffer, element, b.add(first, 1), x.im, 0)
    } else b.store(buffer, element, at, x.dtype === 'bool' ? b.cvt('booltoint', x.v, 'i32') : x.v, 0)
  }

  /** @param result of a kernel that reduces: the value of an element */
  finish(name: string, rank: number, result?: Value): KernelIR {
    const { body } = this.b
    if (result) body.results = [result]
    return { name, rank, buffers: this.#buffers, scalars: this.#scalars, sites: [noSite], body }
  }
}

/** The values of all steps, given those of leaves and scalars. */
export function computeSteps(b: Builder, { steps }: Linear, leaves: readonly Lane[], scalars: readonly Lane[]): Lane[] {
  const made: Lane[] = []
  for (const { node, operands } of steps) {
    const given = operands.map(({ of, at }) => (of === 'leaf' ? leaves : of === 'scalar' ? scalars : made)[at])
    const signature = node.operation.signature(given.map(x => x.dtype))
    const converted = given.map((x, k) => convert(b, x, signature.operands[k]))
    made.push(node.operation.lower(b, converted, signature))
  }
  return made
}

/**
 * The kernel of a tree. Its arrays are those that are written, then the leaves; its scalars, for each of them what
 * {@link launchScalars} gives, then those of the tree.
 */
function compose(linear: Linear, rank: number, outputs: readonly Access[], inputs: readonly Access[]): KernelIR {
  const c = new Composer()
  const indices = Array.from({ length: rank }, (_, d) => c.index(d))
  const out = outputs.map(access => ({ buffer: c.buffer(infoOf(access.dtype).element), at: c.place(access, indices) }))
  const leaves = inputs.map(access =>
    c.load(access.dtype, c.buffer(infoOf(access.dtype).element), c.place(access, indices)),
  )
  const scalars = linear.scalars.map(({ dtype }) => c.value(dtype))
  const steps = computeSteps(c.b, linear, leaves, scalars)
  for (const [k, { buffer, at }] of out.entries()) c.store(steps[linear.kept[k]], buffer, at)
  return c.finish(linear.steps.length === 1 ? linear.steps[0].node.operation.name : 'expression', rank)
}

/** The program that computes a tree. @param accesses of what is kept, then of the leaves */
export function programOfTree(linear: Linear, rank: number, accesses: readonly Access[]): Program {
  const kept = linear.kept.length
  const key = `${linear.form}>${linear.kept.join()};${accesses.map(accessText).join()}`
  return programOf(key, () => ({ ir: compose(linear, rank, accesses.slice(0, kept), accesses.slice(kept)) }))
}
