/** The names in the code cache of a kernel's code, and of what is known of a kernel by its text: of all that they depend on, and of nothing else, such as where in a file the kernel stands. */

import type { Combination } from '../../backend.ts'
import type { KernelIR, Region, Value } from '../../ir/ir.ts'
import { thisBuild } from './build.ts'
import { keyOf } from './cache.ts'
import { cpu } from './cpu.ts'

/** JSON that tells apart what JSON does not. */
const text = (data: unknown): string =>
  JSON.stringify(data, (_, x: unknown) => {
    if (typeof x === 'bigint') return `${x}n`
    if (typeof x === 'number' && (!Number.isFinite(x) || Object.is(x, -0)))
      return { number: Object.is(x, -0) ? '-0' : `${x}` }
    if (ArrayBuffer.isView(x)) return { [x.constructor.name]: Array.from(x as unknown as ArrayLike<number>, String) }
    return x
  }) ?? ''

/** What a kernel computes, in one text: values by the order in which they are met. */
export function irText(ir: KernelIR): string {
  const lines = [
    text([ir.rank, ir.yields, ir.scalars.map(({ type }) => type)]),
    text(ir.buffers.map(({ element, space, length }) => [element, space, length])),
    text(ir.sites.map(({ kind, buffer, float }) => [kind, buffer, float])),
  ]
  const numbers = new Map<Value, number>()
  const number = (v: Value): number => {
    let known = numbers.get(v)
    if (known === undefined) {
      const args = v.args.map(number)
      numbers.set(v, (known = numbers.size))
      lines.push(`${known} ${v.op} ${v.type} ${text(v.attr)} ${args}`)
      v.regions?.forEach(region)
    }
    return known
  }
  const region = ({ params, ops, results }: Region): void => {
    lines.push(`( ${params.map(number)}`)
    ops.forEach(number)
    lines.push(`) ${results.map(number)}`)
  }
  region(ir.body)
  return lines.join('\n')
}

/** A kernel by what it computes, with what combines its values. */
export function identityOf(ir: KernelIR, combination: Combination | undefined): string {
  const { combine, ...combined } = combination ?? { combine: undefined }
  return keyOf([text(combined), combine ? irText(combine) : '', irText(ir)])
}

/**
 * The keys of whatever is known of a kernel. Undefined where the compiler cannot be told.
 *
 * @param choices of whoever makes the code: anything that JSON keeps
 */
export function keysFor(choices: unknown): ((...parts: unknown[]) => string) | undefined {
  const build = thisBuild()
  if (build === undefined) return undefined
  const { brand, features, caches } = cpu()
  const shared = [build, text([brand, [...features], caches, choices])]
  return (...parts) => keyOf([...shared, ...parts.map(text)])
}
