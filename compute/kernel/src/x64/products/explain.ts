/** What is told of a kernel that is a matrix product, or like one. */

import type { Location } from '../../ir/ir.ts'
import { Refusal } from './axes.ts'
import type { Plan } from './launch.ts'
import type { Product } from './recognise.ts'

/** @param last what the last launch was: a product, or why it was not done as one @param source the kernel's lines */
export function tellProduct(
  found: Product | Refusal,
  last: Plan | Refusal | undefined,
  source: readonly string[],
): string {
  if (found instanceof Refusal) return `no matrix product, though it adds up products of elements: ${found.reason}`
  const { a, b, c, dtype, start, zeroed, isBefore, isAfter, scale, contract, axes, loc } = found
  const name = (buffer: number) => axes.ir.buffers[buffer].name
  const sums = scale
    ? scale.c
      ? 'alpha * sum + beta * element'
      : 'alpha * sum'
    : isBefore
      ? 'from what a kernel before it writes'
      : start === 'zero' || zeroed
        ? 'from 0'
        : 'from the elements there are'
  const roundings = contract ? 'fused multiply-add' : 'each operation rounded'
  const rounding = dtype === 'i8' ? 'bytes into i32' : `${dtype}${is16Bits(dtype) ? ' into f32' : ''}, ${roundings}`
  const lines = [
    `matrix product: ${name(c.attr.buffer)} = ${name(a.attr.buffer)} · ${name(b.attr.buffer)}, ${sums}, ${rounding}${isAfter ? '; a kernel behind it makes of the sums what is written' : ''}`,
    '  block code runs it where all indices are in range, the result is apart from the operands, and it is worth it; else the code below',
  ]
  if (last instanceof Refusal) lines.push(`  last call: the code below, since ${last.reason}`)
  else if (last) {
    const { m, n, k, batch } = last
    lines.push(`  last call: block code, ${m} × ${k} by ${k} × ${n}${batch > 1 ? `, ${batch} of them` : ''}`)
  }
  const beside = placeOf(loc, source)
  if (beside) lines[0] = `${lines[0].padEnd(72)} ${beside}`
  return lines.join('\n')
}

const is16Bits = (dtype: Product['dtype']): boolean => dtype === 'bf16' || dtype === 'f16'

const placeOf = (loc: Location | undefined, source: readonly string[]): string | undefined => {
  const line = loc === undefined || loc.unit ? undefined : source[loc.line - 1]
  return line === undefined ? undefined : `;; ${String(loc!.line).padStart(3)} │ ${line.trim()}`
}
