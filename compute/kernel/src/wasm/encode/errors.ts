import type { Position } from './function.ts'

/** What the assembler knew when it stopped; every field that applies is kept on the error. */
export interface AssemblerFault {
  /** The sentence: what was asked, what was found, what to do. */
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
export class AssemblerError extends Error {
  override readonly name = 'AssemblerError'
  readonly op: string | undefined
  readonly expected: string | undefined
  readonly found: string | undefined
  readonly function: string | undefined
  readonly offset: number | undefined
  readonly position: Position | undefined
  readonly story: readonly string[] | undefined

  constructor(fault: AssemblerFault) {
    super(sentence(fault))
    this.op = fault.op
    this.expected = fault.expected
    this.found = fault.found
    this.function = fault.function
    this.offset = fault.offset
    this.position = fault.position
    this.story = fault.story
  }
}

function sentence(fault: AssemblerFault): string {
  const place = [
    fault.function === undefined ? '' : ` in function '${fault.function}'`,
    fault.offset === undefined ? '' : ` at byte ${fault.offset}`,
    fault.position === undefined ? '' : ` (source line ${fault.position.line}, column ${fault.position.column})`,
  ].join('')
  const story = fault.story?.length ? `\n  written just before: ${fault.story.join(' · ')}` : ''
  return `${fault.op ?? 'wasm'}: ${fault.problem}${place}${story}`
}
