/**
 * Writes a kernel's IR as one JavaScript function, a statement for each operation, with the kernel's own lines beside
 * them: `kernel(i0, i1)` runs one iteration. Step through it in a debugger under `skein-reference/<kernel>.js`.
 *
 * An `if` becomes an `if` with the values it yields in `let` variables; a `loop` becomes `while (true)` with its carried
 * values in `let` variables, which are its results afterwards: they are declared in the block around it, so nothing
 * changes them once it is left.
 */
import { InternalError } from '@skein/base'
import { fromBfloat, toBfloat } from '../bfloat16.ts'
import type { Element, KernelIR, Location, Region, Value } from '../ir/ir.ts'
import { SEMANTICS, semanticsKey } from '../ir/semantics.ts'
import { routine } from '../math/index.ts'
import { fromHalf, toHalf } from './float16.ts'
import { semanticsName, spell } from './spelled.ts'

/** Runs one iteration; gives what the body yields: nothing, one value, or a value and whether it begins a segment. */
export type Iteration = (...indices: number[]) => any

/** Ends the launch: thrown by generated code, caught by the driver. Not an Error: it needs no stack. */
export class Stopped {
  readonly site: number
  readonly index: number
  constructor(site: number, index: number) {
    this.site = site
    this.index = index
  }
}

/** Typed array that holds an element in the reference: half-precision and brain floats as their bits. */
const ARRAY_OF = {
  i8: Int8Array,
  u8: Uint8Array,
  u8c: Uint8ClampedArray,
  i16: Int16Array,
  u16: Uint16Array,
  i32: Int32Array,
  u32: Uint32Array,
  i64: BigInt64Array,
  u64: BigUint64Array,
  f16: Uint16Array,
  bf16: Uint16Array,
  f32: Float32Array,
  f64: Float64Array,
} satisfies Record<Element, unknown>

export interface Generated {
  text: string
  /** Makes the function for one launch. The arrays are those of the global buffers, in order. */
  bind(scalars: readonly (number | bigint)[], arrays: readonly ArrayBufferView[]): Iteration
}

const RESERVED = new Set(
  `arguments await break case catch class const continue debugger default delete do else enum eval export extends false
  finally for function if implements import in instanceof interface let new null package private protected public return
  static super switch this throw true try typeof undefined var void while with yield NaN Infinity Math BigInt Number Object
  console String scalars arrays tables routines semantics stop fromHalf toHalf fromBfloat toBfloat i0 i1 i2`.split(
    /\s+/,
  ),
)

/** Names of the program's own things as identifiers that meet nothing else in the generated text. */
class Names {
  private readonly taken = new Set([...RESERVED, ...Object.values(ARRAY_OF).map(array => array.name)])

  claim(wanted: string): string {
    let name = wanted.replace(/[^\p{ID_Continue}$]/gu, '_')
    if (!/^[\p{ID_Start}$_]/u.test(name)) name = `_${name}`
    // Values are v1, v2 …, carried values end in _ and a number.
    while (this.taken.has(name) || /^v\d+$|_\d+$/.test(name)) name += '_'
    this.taken.add(name)
    return name
  }
}

/** Position of a statement, as a comment: the expression it computes. */
const COMMENT_COLUMN = 56

class Writer {
  readonly lines: string[] = []
  private readonly ir: KernelIR
  private readonly unsafe: boolean
  private readonly source: readonly string[]
  private readonly text: string
  private readonly names = new Names()
  private readonly buffers: string[]
  private readonly scalars: string[]
  readonly called = new Set<string>()
  readonly tables: ArrayLike<number | bigint>[] = []
  /** Functions of rare cases, by name: an operation that calls each. */
  readonly routines = new Map<string, Value>()
  private indent = ''
  private shown = ''

  constructor(ir: KernelIR, source: readonly string[], unsafe: boolean) {
    this.ir = ir
    this.unsafe = unsafe
    this.source = source
    this.text = source.join('\n')
    for (const key of Object.keys(SEMANTICS)) this.names.claim(semanticsName(key))
    this.buffers = ir.buffers.map(b => this.names.claim(b.name))
    this.scalars = ir.scalars.map(s => this.names.claim(s.name))
  }

  /** @param byScalars the function's parameters are the scalars (a combination) rather than the indices */
  write(byScalars: boolean): void {
    const { ir } = this
    const name = this.names.claim(ir.name || 'kernel')
    const globals = ir.buffers.flatMap((b, i) => (b.space === 'global' ? [i] : []))
    if (!byScalars)
      for (const [i, s] of ir.scalars.entries()) this.line(`const ${this.scalars[i]} = ${scalarText(s.type, i)}`)
    for (const [at, i] of globals.entries()) {
      this.line(`const ${this.buffers[i]} = arrays[${at}] // ${ir.buffers[i].element}`)
    }
    const params = byScalars ? this.scalars : ['i0', 'i1', 'i2'].slice(0, ir.rank)
    this.line(`return function ${name}(${params.join(', ')}) {`)
    this.indent = '  '
    for (const [i, b] of ir.buffers.entries()) {
      if (b.space === 'local')
        this.line(`const ${this.buffers[i]} = new ${ARRAY_OF[b.element].name}(${b.length}) // ${b.element}`)
    }
    this.region(ir.body)
    const results = ir.body.results.map(v => this.name(v))
    if (results.length === 1) this.line(`return ${results[0]}`)
    else if (results.length > 1) this.line(`return [${results.join(', ')}]`)
    this.indent = ''
    this.line('}')
  }

  private line(text: string, v?: Value): void {
    if (v?.loc) {
      this.place(v.loc)
      const { line, column, start, end, unit } = v.loc
      const expression = unit ? '' : this.text.slice(start, end)
      if (expression !== '') {
        const note = expression.length > 60 ? `${expression.slice(0, 59)}…` : expression
        text = `${(this.indent + text).padEnd(COMMENT_COLUMN)} // ${line}:${column + 1} ${oneLine(note)}`
        this.lines.push(text)
        return
      }
    }
    this.lines.push(this.indent + text)
  }

  /** Shows the source line when it is another one than before. Only the kernel's own text is at hand, not its helpers'. */
  private place({ line, unit }: Location): void {
    const place = `${unit ?? 0}:${line}`
    if (place === this.shown) return
    this.shown = place
    const shown = unit ? `(helper ${unit})` : oneLine(this.source[line - 1]?.trim() ?? '')
    this.lines.push(`${this.indent}// ${line} | ${shown}`.trimEnd())
  }

  private nest(make: () => void): void {
    const outer = this.indent
    this.indent += '  '
    make()
    this.indent = outer
  }

  private name(v: Value): string {
    switch (v.op) {
      case 'const':
        return literal(v)
      case 'scalar':
        return this.scalars[v.attr]
      case 'index':
        return `i${v.attr}`
      case 'arg':
        return carried(v)
      case 'result': {
        const owner = v.args[0]
        return owner.op === 'loop' ? carried(owner.regions![0].params[v.attr]) : `v${owner.id}_${v.attr}`
      }
      default:
        return `v${v.id}`
    }
  }

  private region(r: Region): void {
    for (const v of r.ops) this.statement(v)
  }

  private statement(v: Value): void {
    const args = v.args.map(a => this.name(a))
    if (v.op === 'if') this.branch(v)
    else if (v.op === 'loop') this.loop(v)
    else if (v.op === 'atomic') this.atomic(v, args)
    else if (v.op !== 'const' && v.op !== 'scalar' && v.op !== 'index') {
      if (v.attr?.site !== undefined) this.check(v, args[0])
      this.line(this.simple(v, args), v)
    }
  }

  /** The one statement of an operation. */
  private simple(v: Value, args: string[]): string {
    const element: Element = v.attr?.element
    const place = () => `${this.buffers[v.attr.buffer]}[${args[0]}]`
    switch (v.op) {
      case 'length':
        return `const v${v.id} = Math.min(${this.buffers[v.attr]}.length, 2147483647)`
      case 'load':
      case 'lload':
        return `const v${v.id} = ${loadText(element, place())}`
      case 'store':
      case 'lstore':
        return `${place()} = ${storeText(element, args[1])}`
      case 'assert':
        return `if (!${args[0]}) stop(${v.attr}, 0)`
      case 'log':
        return this.log(v, args)
      case 'debugger':
        return 'debugger'
      case 'math': {
        const { name } = routine(v.attr, v.type)
        this.routines.set(name, v)
        return `const v${v.id} = routines.${name}(${args[0]})`
      }
      case 'table': {
        this.tables.push(tableOf(element, v.attr.values))
        // An index outside gives 0: a branch made a select computes what it then drops.
        const entry = `tables[${this.tables.length - 1}][${args[0]}] ?? ${v.type === 'i64' ? '0n' : '0'}`
        return `const v${v.id} = ${loadText(element, `(${entry})`)}`
      }
    }
    const key = semanticsKey(v.op, v.args[v.op === 'select' ? 1 : 0]?.type, v.type)
    return `const v${v.id} = ${this.spelled(key, args)}`
  }

  private spelled(key: string, args: string[]): string {
    const text = spell(key, args, key => this.called.add(key))
    if (text === undefined) throw new InternalError(`the reference backend knows ${key}`, [`in kernel ${this.ir.name}`])
    return text
  }

  private check(v: Value, index: string): void {
    if (this.unsafe) return
    if (v.loc) this.place(v.loc)
    this.line(`if (${index} < 0 || ${index} >= ${this.buffers[v.attr.buffer]}.length) stop(${v.attr.site}, ${index})`)
  }

  private branch(v: Value): void {
    const [then, otherwise] = v.regions!
    const count = then.results.length
    const yields = (r: Region) => {
      for (const [i, x] of r.results.entries()) this.line(`v${v.id}_${i} = ${this.name(x)}`)
    }
    if (count > 0) this.line(`let ${then.results.map((_, i) => `v${v.id}_${i}`).join(', ')}`)
    this.line(`if (${this.name(v.args[0])}) {`, v)
    this.nest(() => {
      this.region(then)
      yields(then)
    })
    if (otherwise.ops.length > 0 || count > 0) {
      this.line('} else {')
      this.nest(() => {
        this.region(otherwise)
        yields(otherwise)
      })
    }
    this.line('}')
  }

  private loop(v: Value): void {
    const [test, body] = v.regions!
    const names = test.params.map(carried)
    if (names.length > 0) this.line(`let ${names.map((n, i) => `${n} = ${this.name(v.args[i])}`).join(', ')}`, v)
    this.line('while (true) {')
    this.nest(() => {
      this.region(test)
      this.line(`if (!${this.name(test.results[0])}) break`)
      this.region(body)
      const changes = body.results
        .map((x, i) => [names[i], this.name(x)])
        .filter(([variable, next]) => variable !== next)
      // All at once: the next value of one may be the present value of another.
      if (changes.length === 1) this.line(`${changes[0][0]} = ${changes[0][1]}`)
      else if (changes.length > 1) {
        this.line(`;[${changes.map(c => c[0]).join(', ')}] = [${changes.map(c => c[1]).join(', ')}]`)
      }
    })
    this.line('}')
  }

  /** Plain reads and writes: there is one lane, so nothing comes between them. */
  private atomic(v: Value, [index, value, expected]: string[]): void {
    const { element, kind } = v.attr as { element: Element; kind: string }
    const place = `${this.buffers[v.attr.buffer]}[${index}]`
    const old = `v${v.id}`
    this.check(v, index)
    this.line(`const ${old} = ${loadText(element, place)}`, v)
    if (kind === 'exchange') this.line(`${place} = ${value}`)
    // Compared as bits are: -0 is not 0, NaN is NaN.
    else if (kind === 'compareExchange') this.line(`if (Object.is(${old}, ${expected})) ${place} = ${value}`)
    else {
      const prefix = kind !== 'min' && kind !== 'max' ? '' : element[0] === 'f' ? '' : element[0] === 'u' ? 'u' : 's'
      const key = `${prefix}${kind}.${v.type}`
      this.line(`${place} = ${this.spelled(key, [old, value])}`)
    }
  }

  /** The labels are text, and null where a value stands. */
  private log(v: Value, args: string[]): string {
    const labels: (string | null)[] = v.attr ?? args.flatMap((_, i) => (i > 0 ? [' ', null] : [null]))
    const quote = (text: string) => text.replace(/[\\`]|\$(?=\{)/g, c => `\\${c}`).replaceAll('\n', '\\n')
    const values = args.values()
    const pieces = labels.map(label => (label === null ? `\${${values.next().value}}` : quote(label)))
    for (const value of values) pieces.push(`\${${value}}`)
    return `console.log(\`${pieces.join('')}\`)`
  }
}

const oneLine = (text: string) => text.replace(/\s+/g, ' ')

const carried = (v: Value) =>
  `${typeof v.attr === 'string' ? v.attr.replace(/[^\p{ID_Continue}$]/gu, '_') : 'x'}_${v.id}`

function literal(v: Value): string {
  if (typeof v.attr === 'bigint') return v.attr < 0n ? `(${v.attr}n)` : `${v.attr}n`
  if (typeof v.attr === 'boolean') return String(v.attr)
  const text = Object.is(v.attr, -0) ? '-0' : String(v.attr)
  return text[0] === '-' ? `(${text})` : text
}

function scalarText(type: string, i: number): string {
  const x = `scalars[${i}]`
  if (type === 'f32') return `Math.fround(${x})`
  if (type === 'i32') return `${x} | 0`
  if (type === 'i1') return `Boolean(${x})`
  if (type === 'i64') return `BigInt.asIntN(64, BigInt(${x}))`
  return x
}

function loadText(element: Element, place: string): string {
  if (element === 'f16') return `fromHalf(${place})`
  if (element === 'bf16') return `fromBfloat(${place})`
  if (element === 'u32') return `${place} | 0`
  if (element === 'u64') return `BigInt.asIntN(64, ${place})`
  return place
}

/** Typed arrays keep the low bits by themselves. */
const storeText = (element: Element, value: string) =>
  element === 'f16' ? `toHalf(${value})` : element === 'bf16' ? `toBfloat(${value})` : value

function tableOf(element: Element, values: ArrayLike<number | bigint>): ArrayLike<number | bigint> {
  if (element === 'f16') return Uint16Array.from(values as ArrayLike<number>, toHalf)
  if (element === 'bf16') return Uint16Array.from(values as ArrayLike<number>, toBfloat)
  const made = new ARRAY_OF[element](values.length) as { [index: number]: unknown }
  for (let i = 0; i < values.length; i++) {
    made[i] = element === 'i64' || element === 'u64' ? BigInt(values[i]) : Number(values[i])
  }
  return made as unknown as ArrayLike<number | bigint>
}

const conversions = { fromHalf, toHalf, fromBfloat, toBfloat }

function stop(site: number, index: number): never {
  throw new Stopped(site, index)
}

/** @param byScalars makes the scalars the function's parameters: for the two operands of a combination */
export function generate(
  ir: KernelIR,
  options: { source: readonly string[]; unsafe: boolean; byScalars?: boolean },
): Generated {
  const w = new Writer(ir, options.source, options.unsafe)
  w.write(options.byScalars === true)
  const keys = [...w.called].sort()
  const text = [
    "'use strict'",
    ...keys.map(key => `const ${semanticsName(key)} = semantics['${key}']`),
    ...w.lines,
    `//# sourceURL=skein-reference/${(ir.name || 'kernel').replace(/[^\w$.-]/g, '_')}.js`,
  ].join('\n')
  const make = new Function(
    'scalars',
    'arrays',
    'tables',
    'routines',
    'semantics',
    'stop',
    ...Object.keys(conversions),
    text,
  )
  const routines: Record<string, Iteration> = {}
  for (const [name, v] of w.routines) {
    const { bind } = generate(routine(v.attr, v.type), { source: [], unsafe: false, byScalars: true })
    routines[name] = bind([], [])
  }
  const globals = ir.buffers.filter(b => b.space === 'global')
  return {
    text,
    bind(scalars, arrays) {
      const views = globals.map((b, i) => {
        const a = arrays[i]
        return b.element === 'f16' || b.element === 'bf16'
          ? new Uint16Array(a.buffer, a.byteOffset, a.byteLength / 2)
          : a
      })
      return make(scalars, views, w.tables, routines, SEMANTICS, stop, ...Object.values(conversions)) as Iteration
    },
  }
}
