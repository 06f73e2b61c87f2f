/** Numbers evenly apart. */

import type { KernelIR } from '@skein/kernel/compiler'
import { type DType, infoOf } from '../dtypes.ts'
import type { Memory } from '../memory.ts'
import { accessOf, Composer } from './compose.ts'
import { convert, real } from './lanes.ts'
import { launchOf, type Runs } from './launch.ts'
import { programOf } from './programs.ts'

/** Fills elements with start + k · step. */
export function* filling(dtype: DType, memory: Memory, length: number, start: number, step: number): Runs<void> {
  const program = programOf(`sequence-${dtype}`, () => ({ ir: compose(dtype) }))
  yield launchOf(program, [length], [memory.forWriting()], [start, step])
}

function compose(dtype: DType): KernelIR {
  const c = new Composer()
  const { b } = c
  const out = c.buffer(infoOf(dtype).element)
  const [start, step] = [c.scalar('f64'), c.scalar('f64')]
  const k = c.index(0)
  const value = b.add(start, b.mul(b.cvt('sitof', k, 'f64'), step))
  c.store(convert(b, real('float64', value), dtype), out, c.place(accessOf(dtype, [1], 0), [k]))
  return c.finish('sequence', 1)
}
