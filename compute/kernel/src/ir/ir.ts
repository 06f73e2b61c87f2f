/**
 * The intermediate representation: typed values in structured regions.
 *
 * A kernel's body is a tree of regions. A region is a list of values in execution order; there is no control-flow graph.
 * Only two operations hold regions: `if` and `loop`. What a region changes leaves it as results, never as a mutable
 * variable, so each value has one definition (SSA). `break`, `continue` and `return` were turned into i1 values by the
 * front end: a flag that is set skips the rest. Wasm and WGSL need this structure; machine code and PTX can flatten it.
 *
 *     if   args [cond]        regions [then, else]     results = what the taken region yields
 *     loop args [init…]       regions [test, body]     test(carried…) yields [go]; body yields the next carried values;
 *                                                      the body sees what the test computed; results = carried at exit
 *
 * Signedness is in the operation (`sdiv`, `ult`), never in the type. Types of 8 and 16 bits exist in memory only.
 */

/** Type of a value. `void` marks an operation run for its effect. */
export type Type = 'i1' | 'i32' | 'i64' | 'f32' | 'f64' | 'void'

/** Type of an array element in memory. `u8c` is Uint8ClampedArray's. */
export type Element =
  | 'i8'
  | 'u8'
  | 'u8c'
  | 'i16'
  | 'u16'
  | 'i32'
  | 'u32'
  | 'i64'
  | 'u64'
  | 'f16'
  | 'bf16'
  | 'f32'
  | 'f64'

export const ELEMENT_BYTES: Record<Element, number> = {
  i8: 1,
  u8: 1,
  u8c: 1,
  i16: 2,
  u16: 2,
  f16: 2,
  bf16: 2,
  i32: 4,
  u32: 4,
  f32: 4,
  i64: 8,
  u64: 8,
  f64: 8,
}

/** The type an element has once loaded. */
export function loadedType(element: Element): Type {
  switch (element) {
    case 'f64':
    case 'f32':
      return element
    case 'f16':
    case 'bf16':
      return 'f32'
    case 'i64':
    case 'u64':
      return 'i64'
    default:
      return 'i32'
  }
}

/** Position in the kernel's own source: line from 1, column from 0, and the offsets of the expression. */
export interface Location {
  line: number
  column: number
  start: number
  end: number
  /** The helper function whose text the position is in; absent: the kernel itself. */
  unit?: number
}

export interface Value {
  readonly id: number
  op: string
  type: Type
  args: Value[]
  /** What the operation needs beside its operands: a constant, a buffer number, a result index. */
  attr: any
  loc: Location | undefined
  regions: Region[] | undefined
}

export interface Region {
  params: Value[]
  ops: Value[]
  results: Value[]
}

/** An array argument, or a private array of one iteration (`space: 'local'`, `length` fixed). */
export interface Buffer {
  name: string
  element: Element
  space: 'global' | 'local'
  length?: number
}

/** A scalar the caller passes. The backend reads it from the argument block as an f64 (or i64). */
export interface Scalar {
  name: string
  type: Type
}

/** A place in the source where a run-time check can fail. Its number is the status a thread returns. */
export interface Site {
  kind: 'index' | 'assert'
  loc: Location
  buffer?: number
  text: string
  /** The index was a float: -1 stands for whatever no index can be. */
  float?: boolean
  /** The message of an `assert`. */
  message?: string
}

export interface KernelIR {
  name: string
  /** Number of range dimensions, 1 to 3. The last one is the lane dimension. */
  rank: number
  buffers: Buffer[]
  scalars: Scalar[]
  sites: Site[]
  body: Region
  /** For `reduce` and `scan`: the type of the value that the body yields as its one result. */
  yields?: Type
}

/** Operations with an effect or a place in time: never merged, moved or dropped. */
export const EFFECTS = new Set(['store', 'atomic', 'assert', 'log', 'lstore', 'debugger'])
/** Operations that read memory: dropped when unused, never moved over an effect. */
export const READS = new Set(['load', 'lload'])

const NOT_PURE = new Set([...EFFECTS, ...READS, 'if', 'loop'])

export function isPure(v: Value): boolean {
  return !NOT_PURE.has(v.op)
}

/** Whether a region, or one nested in it, has an effect. */
export function hasEffects(r: Region): boolean {
  return r.ops.some(v => EFFECTS.has(v.op) || v.regions?.some(hasEffects))
}

/** Every operation of a region and of those nested in it, in order. */
export function walk(r: Region, found: Value[] = []): Value[] {
  r.ops.forEach(v => {
    found.push(v)
    v.regions?.forEach(inner => walk(inner, found))
  })
  return found
}
