/**
 * The functions of one kernel: the body over a part of the range (`rows.ts`), and whatever else is called.
 *
 *     run(args, begin, end, thread)     positions of a row (rank 1), or rows' segments numbered row by row
 */

import type { Combination } from '../../backend.ts'
import { ELEMENT_BYTES, type KernelIR, type Value } from '../../ir/ir.ts'
import { analyseShapes } from '../../lanes/shape.ts'
import { ValueTable } from '../../lanes/table.ts'
import { findUses } from '../../lanes/uses.ts'
import * as layout from '../../launch/layout.ts'
import { routine } from '../../math/index.ts'
import { Code, Constants, view } from '../machine/code.ts'
import { Emitter } from './emitter.ts'
import type { Frame } from './frame.ts'
import type { Place } from './operands.ts'
import { type LowerOptions, Rows } from './rows.ts'
import { eachSegment } from './segments.ts'

export interface Lowered {
  /** The exported ones first, by name. */
  readonly functions: readonly Code[]
  readonly constants: Constants
  readonly scratchBytes: number
}

export class Lowering {
  readonly ir: KernelIR
  readonly combination: Combination | undefined
  readonly options: LowerOptions
  readonly constants = new Constants()
  readonly privates = new Map<number, number>()
  readonly scratchBytes: number
  readonly #functions: Code[] = []
  readonly #routines = new Map<string, Code>()

  constructor(ir: KernelIR, combination: Combination | undefined, options: LowerOptions) {
    this.ir = ir
    this.combination = combination
    this.options = options
    let at = 0
    for (const [i, b] of ir.buffers.entries()) {
      if (b.space !== 'local') continue
      this.privates.set(i, at)
      // What clears them writes whole vectors.
      at += (b.length! * options.lanes * (ELEMENT_BYTES[b.element] === 8 ? 8 : 4) + 63) & ~63
    }
    // Threads must not share a cache line.
    this.scratchBytes = (at + 127) & ~127
  }

  /** The function of a kernel that combines nothing. */
  addRun(): void {
    this.addRows('run', rows => rows.plain())
  }

  finish(): Lowered {
    return {
      functions: [...this.#functions, ...this.#routines.values()],
      constants: this.constants,
      scratchBytes: this.scratchBytes,
    }
  }

  add(code: Code): Code {
    this.#functions.push(code)
    return code
  }

  /** A function over positions, or rows' segments. */
  addRows(name: string, emit: (rows: Rows) => void, isInner = false): Code {
    const code = this.add(new Code(name, this.constants, rowParameters, isInner))
    const rows = new Rows(this, code)
    const [, begin, end] = code.parameters.map(p => view(p, 32))
    if (this.ir.rank > 1 || this.combination !== undefined) {
      eachSegment(rows, begin, end, segment => {
        rows.segment = segment
        rows.rowLevel()
        emit(rows)
      })
    } else {
      rows.segment = { begin, end }
      rows.rowLevel()
      emit(rows)
    }
    // What went past the caches is seen by others from here on.
    if (this.options.past) code.general('sfence')
    code.return(0)
    return code
  }

  /** The function of a rare case of `Math`: of a float in xmm0. */
  routine(v: Value): Code {
    const ir = routine(v.attr, v.type)
    const known = this.#routines.get(ir.name)
    if (known) return known
    const code = new Code(ir.name, this.constants, [{ bank: 'vector', bits: 128, name: 'x' }], true)
    this.#routines.set(ir.name, code)
    const shapes = analyseShapes(ir, false, true)
    const places = new ValueTable<Place>()
    for (const v of ir.body.ops) if (v.op === 'scalar') places.set(v, { scalar: code.parameters[v.attr] })
    const E = new Emitter(this.plainFrame(code), ir, 1, shapes, findUses(ir, shapes), this.options, places)
    E.isLocated = false
    E.region(ir.body)
    code.return(E.scalar(ir.body.results[0]))
    return code
  }

  /** Of a function that has no arrays. */
  plainFrame(code: Code): Frame {
    const none = () => {
      throw new Error('x64: this function has no arrays')
    }
    return {
      code,
      target: this.options.target,
      args: code.parameters[0],
      failureOffset: layout.FAILURE,
      array: none,
      words: none,
      length: none,
      limit: none,
      privateArray: none,
      routine: v => this.routine(v),
    }
  }
}

const rowParameters = ['args', 'begin', 'end', 'thread'].map(name => ({ bank: 'gpr' as const, bits: 64, name }))
