/** What a function knows of its launch: words of the argument block, and what is made of them, read and made once, where it begins. */

import { ELEMENT_BYTES, type KernelIR, type Value } from '../../ir/ir.ts'
import type { Tally } from '../../lanes/tallies.ts'
import * as layout from '../../launch/layout.ts'
import { Memory, type Register } from '../encode/operands.ts'
import { type Code, view } from '../machine/code.ts'
import type { Frame } from './frame.ts'
import type { EmitOptions } from './operands.ts'
import { emitBegin } from './tallies.ts'
import type { Target } from './target.ts'

/** The kernel whose code a function is. */
export interface OfKernel {
  readonly ir: KernelIR
  readonly options: EmitOptions & { readonly target: Target }
  /** Where in a thread's scratch private arrays begin, by their number. */
  readonly privates: ReadonlyMap<number, number>
  /** The function of a rare case of `Math`. */
  routine(v: Value): Code
}

export class Arguments {
  readonly code: Code
  readonly kernel: OfKernel
  readonly #known = new Map<string, Register>()

  constructor(code: Code, kernel: OfKernel) {
    this.code = code
    this.kernel = kernel
  }

  /** A word of the argument block, read where the function begins. */
  word(name: string, offset: number, bits: 32 | 64 = 32): Register {
    const { code } = this
    let found = this.#known.get(name)
    if (found === undefined) {
      const to = code.gpr(bits, name)
      code.atEntry(() => code.general('mov', [to, new Memory({ base: code.parameters[0], disp: offset })]))
      this.#known.set(name, (found = to))
    }
    return found
  }

  #made(name: string, bits: 32 | 64, emit: (to: Register) => void): Register {
    let found = this.#known.get(name)
    if (found === undefined) {
      const to = this.code.gpr(bits, name)
      this.code.atEntry(() => emit(to))
      this.#known.set(name, (found = to))
    }
    return found
  }

  frame(): Frame {
    const { code, kernel } = this
    const { ir, options } = kernel
    const name = (buffer: number) => `${ir.buffers[buffer].name}_${buffer}`
    const length = (b: number) => this.word(`${name(b)}_length`, layout.arrayOffset(ir, b) + layout.ARRAY_LENGTH)
    const limit = (buffers: readonly number[], lanes: number): Register => {
      if (lanes === 1 && buffers.length === 1) return length(buffers[0])
      // Made first, so that they stand before what is made of them.
      const of = lanes === 1 ? buffers.map(length) : []
      const all = buffers.length === 1 ? of : buffers.map(b => limit([b], lanes))
      if (buffers.length === 1) {
        const whole = length(buffers[0])
        return this.#made(`${name(buffers[0])}_limit${lanes}`, 32, to => {
          const zero = code.gpr(32)
          code.general('xor', [zero, zero])
          code.general('mov', [to, whole])
          code.general('sub', [to, lanes - 1])
          code.general('cmovs', [to, zero])
        })
      }
      return this.#made(`least_${buffers.join('_')}_${lanes}`, 32, to => {
        code.general('mov', [to, all[0]])
        for (const other of all.slice(1)) {
          code.general('cmp', [to, other])
          code.general('cmova', [to, other])
        }
      })
    }
    return {
      code,
      target: options.target,
      args: code.parameters[0],
      failureOffset: layout.FAILURE,
      array: b => {
        const tally = options.tallies.find(t => t.buffer === b)
        if (tally) return this.#copies(tally, `${name(b)}_copies`, length(b))
        return this.word(name(b), layout.arrayOffset(ir, b), 64)
      },
      words: b => {
        const array = this.word(name(b), layout.arrayOffset(ir, b), 64)
        const base = this.#made(`${name(b)}_words`, 64, to => {
          code.general('mov', [to, array])
          code.general('and', [to, -4])
        })
        const before = this.#made(`${name(b)}_before`, 32, to => {
          code.general('mov', [to, view(array, 32)])
          code.general('and', [to, 3])
          if (ELEMENT_BYTES[ir.buffers[b].element] === 2) code.general('shr', [to, 1])
        })
        return { base, before }
      },
      length,
      limit,
      privateArray: b => ({ base: this.#scratch(), offset: kernel.privates.get(b)! }),
      routine: v => kernel.routine(v),
    }
  }

  /** This thread's copies of an array, filled when it comes for the first time. */
  #copies(tally: Tally, name: string, length: Register): Register {
    const { code, kernel } = this
    const slot = layout.arrayOffset(kernel.ir, tally.buffer)
    return this.#made(name, 64, to => {
      const [args, , , thread] = code.parameters
      code.general('mov', [view(to, 32), view(thread, 32)])
      code.general('imul', [view(to, 32), new Memory({ base: args, disp: slot + layout.ARRAY_COPY_BYTES })])
      code.general('add', [to, new Memory({ base: args, disp: slot + layout.ARRAY_COPIES })])
      emitBegin(code, tally, to, length, kernel.options.target.bits)
    })
  }

  /** Scratch of this thread. */
  #scratch(): Register {
    const { code } = this
    return this.#made('scratch', 64, to => {
      const [args, , , thread] = code.parameters
      const offset = code.gpr(64)
      code.general('mov', [view(offset, 32), view(thread, 32)])
      code.general('imul', [view(offset, 32), new Memory({ base: args, disp: layout.SCRATCH_BYTES })])
      code.general('mov', [to, new Memory({ base: args, disp: layout.SCRATCH })])
      code.general('add', [to, offset])
    })
  }
}
