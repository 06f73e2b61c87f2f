import { registerError, SkeinError } from '@skein/base'
import type { Position } from './positions.ts'

/** What the assembler knew when it stopped; every field that applies is kept on the error. */
export interface AssemblerFault {
  /** What was asked and what was found, without the instruction's name. */
  problem: string
  /** The instruction being written, such as `f32x4.add`. */
  op?: string
  expected?: string
  found?: string
  /** Name of the function being written. */
  function?: string
  /** Byte offset of the instruction in its function's code (locals not counted). */
  offset?: number
  /** Where in the kernel's source the instruction came from. */
  position?: Position
  /** The instructions just before, oldest first (checked mode only). */
  story?: readonly string[]
}

/**
 * The compiler wrote an instruction sequence that is no valid WebAssembly. Never the user's mistake: a fault of the
 * lowering, found where it was made and not when the engine refuses the module.
 */
export class AssemblerError extends SkeinError {
  static {
    registerError(AssemblerError, 'AssemblerError')
  }
  declare readonly problem: string
  declare readonly op: string | undefined
  declare readonly expected: string | undefined
  declare readonly found: string | undefined
  declare readonly function: string | undefined
  declare readonly offset: number | undefined
  declare readonly position: Position | undefined
  declare readonly story: readonly string[] | undefined

  constructor(fault: AssemblerFault) {
    super('SKEIN_ASSEMBLER', sentence(fault), { ...fault })
  }
}

function sentence(fault: AssemblerFault): string {
  const place = [
    fault.function === undefined ? '' : ` in function '${fault.function}'`,
    fault.offset === undefined ? '' : ` at byte ${fault.offset}`,
    fault.position === undefined ? '' : ` (source line ${fault.position.line}, column ${fault.position.column})`,
  ].join('')
  const story = fault.story?.length ? `\n  written just before: ${fault.story.join(' · ')}` : ''
  return `${fault.op ?? 'wasm'}: ${fault.problem}${place}.${story}`
}

/** Bytes that were to be read as a module are none, or use what Skein never writes. */
export class MalformedModuleError extends SkeinError {
  static {
    registerError(MalformedModuleError, 'MalformedModuleError')
  }
  /** Byte of the module at which reading stopped. */
  declare readonly offset: number

  constructor(problem: string, offset: number) {
    super('SKEIN_MALFORMED_MODULE', `The module cannot be read: ${problem} at byte ${offset}.`, { offset })
  }
}
