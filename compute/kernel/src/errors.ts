/** The errors a kernel gives: before it runs (its text, its types, its arguments) and while it runs (an index, an assert). */
import { registerError, SkeinError } from '@skein/base'
import type { Location } from './ir/ir.ts'

/** A text in which an error can point at a place: the kernel's own, or a helper's. */
export interface SourceText {
  name: string
  lines: string[]
  /** Where the function was handed to `kernel`: file and line, when the stack said so. */
  file?: string
  line?: number
}

/** The source line with a caret under the expression. */
export function frame(source: SourceText, loc: Location): string {
  const text = (source.lines[loc.line - 1] ?? '').trimEnd()
  const number = String(source.line !== undefined ? source.line + loc.line - 1 : loc.line)
  const width = Math.max(1, Math.min(loc.end - loc.start, text.length - loc.column))
  const where = source.file ? `${source.file}:${number}` : `${source.name}:${number}`
  const gutter = ' '.repeat(number.length)
  return `${gutter} ┌ ${where}:${loc.column + 1}\n${number} │ ${text}\n${gutter} │ ${text.slice(0, loc.column).replace(/[^\t]/g, ' ')}${'^'.repeat(width)}`
}

interface Place {
  kernel: string
  line: number
  column: number
  file?: string
}

function place(source: SourceText, loc: Location): Place {
  const line = source.line !== undefined ? source.line + loc.line - 1 : loc.line
  return { kernel: source.name, line, column: loc.column + 1, ...(source.file && { file: source.file }) }
}

/** The kernel's text cannot be compiled: a construct of JavaScript that kernels do not have, or an unknown name. */
export class KernelSyntaxError extends SkeinError {
  static {
    registerError(KernelSyntaxError, 'KernelSyntaxError')
  }
  declare readonly kernel: string
  declare readonly line: number
  declare readonly column: number

  /** @param advice what to write instead */
  constructor(source: SourceText, loc: Location, found: string, advice: string) {
    super('SKEIN_KERNEL_SYNTAX', `kernel ${source.name}: ${found}. ${advice}\n${frame(source, loc)}`, {
      ...place(source, loc),
    })
  }
}

/** A name that is neither a parameter, a local, nor given in `use`. */
export class UnknownNameError extends SkeinError {
  static {
    registerError(UnknownNameError, 'UnknownNameError')
  }
  declare readonly unknown: string
  declare readonly line: number

  constructor(source: SourceText, loc: Location, unknown: string) {
    super(
      'SKEIN_KERNEL_NAME',
      `kernel ${source.name}: '${unknown}' is not known inside the kernel. A kernel sees its parameters and what it is given: kernel(fn, { use: { ${unknown} } }). Where a minifier renames things: { use: () => ({ … }) }.\n${frame(source, loc)}`,
      { unknown, ...place(source, loc) },
    )
  }
}

/** An expression whose operands do not go together. */
export class KernelTypeError extends SkeinError {
  static {
    registerError(KernelTypeError, 'KernelTypeError')
  }
  declare readonly line: number

  constructor(source: SourceText, loc: Location, found: string, advice: string) {
    super('SKEIN_KERNEL_TYPE', `kernel ${source.name}: ${found}. ${advice}\n${frame(source, loc)}`, {
      ...place(source, loc),
    })
  }
}

/** An index outside its array. Nothing outside the array was read or written; other iterations may have run. */
export class IndexError extends SkeinError {
  static {
    registerError(IndexError, 'IndexError')
  }
  declare readonly expression: string
  declare readonly array: string
  declare readonly index: number
  declare readonly length: number
  declare readonly line: number

  /** @param float the index was a float, of which -1 stands for whatever no index can be */
  constructor(
    source: SourceText,
    loc: Location,
    expression: string,
    array: string,
    index: number,
    length: number,
    float = false,
  ) {
    const found =
      float && index === -1 ? 'an index that is negative, beyond 2^31 - 1 or not a number' : `index ${index}`
    super(
      'SKEIN_INDEX',
      `kernel ${source.name}: ${expression} has ${found}, but ${array} has length ${length}. Check the range of the call, or guard the access.\n${frame(source, loc)}`,
      { expression, array, index, length, ...place(source, loc) },
    )
  }
}

/** An `assert` in a kernel that did not hold. */
export class KernelAssertionError extends SkeinError {
  static {
    registerError(KernelAssertionError, 'KernelAssertionError')
  }
  declare readonly expression: string
  declare readonly line: number

  constructor(source: SourceText, loc: Location, expression: string, message: string | undefined) {
    super(
      'SKEIN_KERNEL_ASSERT',
      `kernel ${source.name}: assertion failed: ${message ?? expression}\n${frame(source, loc)}`,
      { expression, ...place(source, loc) },
    )
  }
}

/** A kernel with `unsafe`, whose indices nobody checks, reached for memory that is not there, or not to be written. What it did before that is done. */
export class UnsafeAccessError extends SkeinError {
  static {
    registerError(UnsafeAccessError, 'UnsafeAccessError')
  }
  declare readonly kernel: string
  /** What happened: the address, the instruction, the line, the registers. */
  declare readonly story: readonly string[]

  constructor(kernel: string, story: readonly string[]) {
    const told = story.map(line => `  ${line}`).join('\n')
    super(
      'SKEIN_UNSAFE_ACCESS',
      `kernel ${kernel} reached memory that is not its own. It is unsafe, so its indices were not checked:\n${told}\nRun it without unsafe, and the index that is out of range is told.`,
      { kernel, story: [...story] },
    )
  }
}
