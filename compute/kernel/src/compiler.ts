/**
 * `@skein/kernel/compiler`: the compiler for who makes IR of something else than a function, as the array room does of expressions.
 * What IR is and what holds for it stands in the README; nothing here is checked but by `verify`.
 */

import { ArgumentError } from '@skein/base'
import type { Backend, Combination, Program } from './backend.ts'
import { askedBackend, usualBackend } from './backends.ts'
import { compileProgram } from './compile.ts'
import type { Kind } from './front/kinds.ts'
import { lower } from './front/lower.ts'
import type { Captured } from './front/signature.ts'
import { capturedOf, type ParsedFunction, parseFunction } from './front/source.ts'
import type { KernelIR } from './ir/ir.ts'
import { capturedKey } from './specialise.ts'

export type { Backend, Combination, Extent, Launch, Outcome, Program } from './backend.ts'
export { type BackendName, backends } from './backends.ts'
export { compileProgram } from './compile.ts'
export { roundToHalf } from './front/half.ts'
export type { Kind } from './front/kinds.ts'
export type { Captured } from './front/signature.ts'
export { capturedOf } from './front/source.ts'
export { Builder } from './ir/builder.ts'
export { ELEMENT_BYTES, type Element, type KernelIR, type Region, type Site, type Type, type Value } from './ir/ir.ts'
export { printIR } from './ir/print.ts'
export { inline } from './ir/rewrite.ts'
export { verify } from './ir/verify.ts'

/** What kernels run on that nobody has chosen a backend for. @throws ArgumentError, NotSupportedError for what the environment asks */
export const backendInUse = (): Backend => askedBackend() ?? usualBackend()

/** A program of IR whose every access is in range: that is the caller's promise. */
export const compileUnchecked = (ir: KernelIR, combination?: Combination, backend = backendInUse()): Program =>
  compileProgram(ir, combination, backend, { fast: false, unsafe: true, source: [] })

/** A plain function of numbers, read and ready to be lowered for their kinds. */
export interface NumberFunction {
  readonly name: string
  readonly parameters: number
  /** Functions of equal keys are one. */
  readonly key: string
  readonly parsed: ParsedFunction
  readonly use: Captured
}

/** @throws KernelSyntaxError */
export function readFunction(fn: Function, use: Captured | (() => Captured) = {}, name = fn.name): NumberFunction {
  const parsed = parseFunction(fn, name || 'function')
  const captured = capturedOf(use)
  const key = `${capturedKey(captured)} ${parsed.text}`
  return { name: parsed.source.name, parameters: parsed.params.length, key, parsed, use: captured }
}

/**
 * Such a function as IR of scalars, for {@link inline}, and the kind of what it gives.
 * @throws KernelSyntaxError, KernelTypeError, UnknownNameError; ArgumentError for one that reads arrays
 */
export function lowerFunction(fn: NumberFunction, kinds: readonly Kind[], call: string): { ir: KernelIR; kind: Kind } {
  const args = kinds.map(kind => ({ is: 'kind' as const, kind }))
  const { ir, yields } = lower({ fn: fn.parsed, use: fn.use, args, gives: 'value', indices: 0, float: 'f64' })
  if (ir.buffers.length > 0 || ir.sites.length > 0)
    throw new ArgumentError(call, 'fn', 'a function of numbers alone', 'one that reads an array or asserts')
  return { ir, kind: yields! }
}
