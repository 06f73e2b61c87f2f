/** Operations as functions over arrays, for tests of their machine code: which there are, what they are given, what they shall give, and code that runs them. */

import { Random } from '@skein/base'
import type { Type, Value } from '../src/ir/ir.ts'
import { SEMANTICS } from '../src/ir/semantics.ts'
import { Memory, type Register } from '../src/x64/encode/operands.ts'
import { bytesOf } from '../src/x64/lower/constants.ts'
import type { LaneContext } from '../src/x64/lower/lane-code.ts'
import { emitPart } from '../src/x64/lower/lanes.ts'
import * as masks from '../src/x64/lower/masks.ts'
import { emitCompare, emitScalar, scalarRegister } from '../src/x64/lower/scalar.ts'
import { partBits, partCount, type Target, type Width, widthOf } from '../src/x64/lower/target.ts'
import { Code, type Constants } from '../src/x64/machine/code.ts'
import { EDGES } from './random-values.ts'

type Number = number | bigint | boolean

export interface Case {
  readonly name: string
  readonly v: Value
  /** An operand that is the same in all lanes of a strip. */
  readonly uniform?: number
  /** Of a mask that is made. */
  readonly width: Width
  readonly means: (...args: any[]) => any
}

const types: readonly Type[] = ['i1', 'i32', 'i64', 'f32', 'f64']
const arg = (type: Type): Value => value('arg', type, [])
const constant = (type: Type, attr: Number): Value => value('const', type, [], attr)

function value(op: string, type: Type, args: Value[], attr?: unknown): Value {
  return { id: 0, op, type, args, attr, loc: undefined, regions: undefined }
}

function made(op: string, result: Type, args: Value[], means: Case['means'], more: Partial<Case> = {}): Case {
  const shown = args.map(a => (a.op === 'const' ? `${Object.is(a.attr, -0) ? '-0' : a.attr}` : a.type))
  const width = widthOf(result === 'i1' && op !== 'select' ? args[0].type : result)
  const name = `${op} ${shown.join(', ')}: ${result}${more.uniform === undefined ? '' : ', uniform'}${more.width ? ', wide' : ''}`
  return { name, v: value(op, result, args), width, means, ...more }
}

const isTruth = /^(lt|le|slt|sle|ult|ule|eq|ne)$/

/** Every operation of the table, at every type. */
function plain(): Case[] {
  return Object.entries(SEMANTICS).flatMap(([key, means]) => {
    const [op, from, to] = key.split('.') as [string, Type, Type]
    if (op === 'select') return types.map(type => made(op, type, [arg('i1'), arg(type), arg(type)], means))
    if (from === undefined) return types.map(type => made(op, 'i1', [arg(type), arg(type)], means))
    if (to !== undefined) return [made(op, to, [arg(from)], means)]
    const args = Array.from({ length: means.length }, () => arg(from))
    return [made(op, isTruth.test(op) ? 'i1' : from, args, means)]
  })
}

/** Operands that are known or alike, for which code is better. */
function special(): Case[] {
  const found: Case[] = []
  const add = (ops: string, type: Type, numbers: readonly Number[], isFirst = false) => {
    for (const op of ops.split(' '))
      for (const number of numbers) {
        const known = constant(type, number)
        const args = isFirst ? [known, arg(type)] : [arg(type), known]
        found.push(made(op, isTruth.test(op) ? 'i1' : type, args, SEMANTICS[`${op}.${type}`] ?? SEMANTICS[op]))
      }
  }
  add('shl sshr ushr', 'i32', [0, 5, 31, 33, -1])
  add('shl sshr ushr', 'i64', [0n, 5n, 63n, 65n, -1n])
  for (const op of ['shl', 'sshr', 'ushr'])
    for (const type of ['i32', 'i64'] as const)
      found.push(made(op, type, [arg(type), arg(type)], SEMANTICS[`${op}.${type}`], { uniform: 1 }))
  const divisors = [0, 1, -1, 2, 3, 7, -7, 8, 10, 641, -8, 2 ** 30, 2147483647, -2147483648, -2147483647]
  add('sdiv srem udiv urem', 'i32', divisors)
  add('sdiv srem udiv urem', 'i64', [...divisors.map(BigInt), 2n ** 40n, -(2n ** 63n), 2n ** 62n, 10n ** 15n])
  for (const type of ['f32', 'f64'] as const) {
    add('min max', type, [0, -0, 1.5, -1.5, Number.NaN])
    add('min max', type, [0, -0, 1.5, Number.NaN], true)
    add('mul', type, [2, -2])
    add('lt le eq ne', type, [0])
  }
  add('add sub mul and or xor eq ne slt ult smin umax', 'i32', [0, 1, -1, 12345, -2147483648])
  add('slt sle ult ule eq', 'i32', [7, 0, -5], true)
  add('slt sle ult ule eq', 'i64', [7n, 0n, -5n, 2n ** 40n], true)
  add('add sub mul and or xor smin', 'i32', [0, 12345, 8, -2147483648], true)
  add('add sub mul and or xor smin', 'i64', [0n, 12345n, 8n, 2n ** 32n - 1n, 2n ** 40n], true)
  add('and', 'i64', [2n ** 32n - 1n])
  add('mul', 'i64', [2n, 2n ** 62n, 2n ** 53n + 1n])
  add('add sub mul and or xor eq ne slt ult sle ule smin umax', 'i64', [0n, 1n, -1n, 12345n, -(2n ** 63n), 2n ** 40n])
  for (const type of ['f32', 'i32', 'f64', 'i64'] as const) {
    const zero = constant(type, type === 'i64' ? 0n : 0)
    found.push(made('select', type, [arg('i1'), arg(type), zero], SEMANTICS.select))
    found.push(made('select', type, [arg('i1'), zero, arg(type)], SEMANTICS.select))
  }
  for (const op of ['and', 'or', 'xor', 'not', 'eq', 'ne', 'select']) {
    const means = SEMANTICS[op] ?? SEMANTICS[`${op}.i1`]
    const args = Array.from({ length: means.length }, () => arg('i1'))
    found.push(made(op, 'i1', args, means, { width: 64 }))
  }
  for (const type of ['i32', 'i64', 'f32', 'f64'] as const) {
    const values = Array.from({ length: 11 }, (_, k) => (type === 'i64' ? BigInt(k) * 3n ** 30n : k * 1.5 - 3)).map(
      x => (type === 'i32' ? Math.trunc(x as number) : x),
    )
    // What lies outside is not asked for; it must only do no harm.
    const means = (i: number) => (i >= 0 && i < values.length ? values[i] : undefined)
    const v = value('table', type, [arg('i32')], { element: type, values })
    found.push({ name: `table of ${type}`, v, width: widthOf(type), means })
  }
  return found
}

export const cases: readonly Case[] = [...plain(), ...special()]

// Numbers.

export const count = 1536

type Numbers = Int32Array | BigInt64Array | Float32Array | Float64Array

const arrays = { i1: Int32Array, i32: Int32Array, i64: BigInt64Array, f32: Float32Array, f64: Float64Array }

const newArray = (type: Type): Numbers => new arrays[type as 'f64'](count)

/** Every edge with every other, then numbers of chance: of any bits, and small ones. @param which operand */
function numbersOf(type: Type, which: number, seed: number): Numbers {
  const random = new Random(seed, which)
  const array = newArray(type) as Float64Array
  const edges = EDGES[type] as number[]
  const bits = new Int32Array(array.buffer)
  for (let i = 0; i < count; i++) {
    if (i < edges.length ** 2) {
      const edge = edges[(which % 2 === 0 ? i : Math.floor(i / edges.length)) % edges.length]
      array[i] = type === 'i1' ? Number(edge) : edge
    } else if (type === 'i1') array[i] = random.integer(0, 2)
    else if (random.uniform() < 0.5) {
      const words = array.BYTES_PER_ELEMENT / 4
      for (let k = 0; k < words; k++) bits[i * words + k] = random.u32()
      // The bits of a NaN are nobody's affair.
      if (array[i] !== array[i]) array[i] = Number.NaN
    } else {
      const small = Math.trunc(random.normal() * 1000)
      array[i] = (type === 'i64' ? BigInt(small) : type[0] === 'f' ? small / 8 : small) as number
    }
  }
  return array
}

/** Products and sums of these are exact, so that it does not matter how often they are rounded. */
function wholeNumbers(type: Type, which: number): Numbers {
  const random = new Random(5, which)
  return (newArray(type) as Float64Array).map(() => random.integer(-99, 100))
}

const known = new Map<string, Numbers>()

/** What the operands of a case are; a constant has none. */
export function inputsOf({ v }: Case): (Numbers | undefined)[] {
  return v.args.map(({ op, type }, i) => {
    if (op === 'const') return undefined
    const isWhole = v.op === 'mad' || v.op === 'nmad'
    const key = `${isWhole} ${type} ${i}`
    let numbers = known.get(key)
    if (numbers === undefined) known.set(key, (numbers = isWhole ? wholeNumbers(type, i) : numbersOf(type, i, 17)))
    return numbers
  })
}

/** What every element shall be; undefined: anything. */
export function expectedOf(c: Case, lanes: number): unknown[] {
  const inputs = inputsOf(c)
  return Array.from({ length: count }, (_, k) => {
    const args = inputs.map((numbers, i) => {
      const { type, attr } = c.v.args[i]
      const x = numbers === undefined ? attr : numbers[c.uniform === i ? k - (k % lanes) : k]
      return type === 'i1' ? Boolean(x) : x
    })
    return c.means(...args)
  })
}

/** The first element that is not as it shall be, and what it is. */
export function firstWrong({ v }: Case, found: Numbers, expected: readonly unknown[]): string | undefined {
  const { type } = v
  const units = v.op === 'rsqrt' ? 2 : 0
  for (let k = 0; k < count; k++) {
    if (expected[k] === undefined) continue
    const x = type === 'i1' ? found[k] !== 0 : found[k]
    if (!Object.is(x, expected[k]) && !isNear(x as number, expected[k] as number, units, type))
      return `element ${k} is ${show(x)}, not ${show(expected[k])}`
  }
  return undefined
}

/** Whether a float is off by so many units in the last place at most. */
const isNear = (x: number, expected: number, units: number, type: Type): boolean =>
  units > 0 && Math.abs(x - expected) <= units * 2 ** (type === 'f32' ? -23 : -52) * Math.abs(expected)

const show = (x: unknown): string => (Object.is(x, -0) ? '-0' : String(x))

export const resultArray = (type: Type): Numbers => newArray(type)

// Code. A function of the arrays of results and of up to three operands, which runs over all of them.

function loop(code: Code, operands: readonly Type[], result: Type, lanes: number, body: () => void): void {
  const done = code.gpr(64)
  const top = code.label()
  code.general('mov', [done, 0])
  code.inLoop(() => {
    code.bind(top)
    body()
    for (const [i, type] of [result, ...operands].entries())
      code.general('add', [code.parameters[i], lanes * (widthOf(type) / 8)])
    code.general('add', [done, lanes])
    code.general('cmp', [done, count])
    code.jump(top, 'b')
  })
  code.return()
}

const newFunction = (name: string, constants: Constants): Code =>
  new Code(
    name,
    constants,
    Array.from({ length: 4 }, () => ({ bank: 'gpr' as const, bits: 64 })),
  )

function load(code: Code, type: Type, from: Register): Register {
  const to = scalarRegister(code, type)
  const memory = new Memory({ base: from })
  if (type[0] === 'f') code.vector(type === 'f64' ? 'vmovsd' : 'vmovss', [to, memory])
  else code.general('mov', [to, memory])
  return to
}

function literal(code: Code, { type, attr }: Value): Register {
  if (type[0] === 'f') return code.constantRegister(bytesOf(type, attr), 128)
  const to = scalarRegister(code, type)
  code.general('mov', [to, typeof attr === 'bigint' ? attr : Number(attr)])
  return to
}

/** @param isFused a comparison is followed by a jump */
export function scalarFunction({ v, name }: Case, target: Target, constants: Constants, isFused = false): Code {
  const code = newFunction(name, constants)
  const operand = (i: number) =>
    v.args[i].op === 'const' ? literal(code, v.args[i]) : load(code, v.args[i].type, code.parameters[i + 1])
  loop(
    code,
    v.args.map(a => a.type),
    v.type,
    1,
    () => {
      const to = new Memory({ base: code.parameters[0] })
      if (isFused) {
        const over = code.label()
        const is = code.gpr(32)
        code.general('mov', [is, 0])
        for (const condition of emitCompare(v, operand, { code, target }).ifNot) code.jump(over, condition)
        code.general('mov', [is, 1])
        code.bind(over)
        code.general('mov', [to, is])
        return
      }
      const found = emitScalar(v, operand, { code, target })
      if (v.type[0] === 'f') code.vector(v.type === 'f64' ? 'vmovsd' : 'vmovss', [to, found])
      else code.general('mov', [to, found])
    },
  )
  return code
}

/** @returns undefined: there is no vector code for it */
export function laneFunction(c: Case, target: Target, lanes: number, constants: Constants): Code | undefined {
  const { v, width } = c
  const code = newFunction(c.name, constants)
  const context = new Context(code, target, lanes, c)
  let isThere = true
  loop(
    code,
    v.args.map(a => a.type),
    v.type,
    lanes,
    () => {
      const parts: Register[] = []
      for (let p = 0; p < context.parts(width); p++) {
        const part = emitPart(v, p, width, context)
        if (part === undefined) isThere = false
        else parts.push(part)
      }
      if (!isThere) return
      const at = v.type === 'i1' ? 32 : width
      for (let p = 0; p < context.parts(at); p++) {
        const part =
          v.type === 'i1' ? masks.asVector(context, masks.maskPart(context, parts, width, 32, p), 32) : parts[p]
        code.vector('vmovups', [new Memory({ base: code.parameters[0], disp: (p * context.bits(at)) / 8 }), part])
      }
    },
  )
  return isThere ? code : undefined
}

class Context implements LaneContext {
  readonly code: Code
  readonly target: Target
  readonly lanes: number
  readonly word = 32
  readonly #case: Case

  constructor(code: Code, target: Target, lanes: number, c: Case) {
    this.code = code
    this.target = target
    this.lanes = lanes
    this.#case = c
  }

  bits(width: Width): 128 | 256 | 512 {
    return partBits(this.target, this.lanes, width)
  }

  parts(width: Width): number {
    return partCount(this.target, this.lanes, width)
  }

  areUnsigned(): boolean {
    throw new Error('these are whole words')
  }

  spreadWord(): Register {
    throw new Error('these are whole words')
  }

  part(i: number, p: number, width?: Width): Register {
    const { code } = this
    const { op, type, attr } = this.#case.v.args[i]
    if (type === 'i1') {
      if (op === 'const') return masks.constant(this, attr, width!)
      const all = Array.from({ length: this.parts(32) }, (_, q) => {
        const words = this.#loaded(i, q, 32)
        const negative = code.register(this.bits(32))
        code.vector('vpsubd', [negative, code.constantRegister(new Uint8Array(4), this.bits(32)), words])
        return masks.ofVector(this, negative, 32)
      })
      return masks.maskPart(this, all, 32, width!, p)
    }
    if (op === 'const') return this.spread(type as 'i32', attr, this.bits(widthOf(type)))
    return this.#loaded(i, p, widthOf(type))
  }

  #loaded(i: number, p: number, width: Width): Register {
    const to = this.code.register(this.bits(width))
    this.code.vector('vmovups', [
      to,
      new Memory({ base: this.code.parameters[i + 1], disp: (p * this.bits(width)) / 8 }),
    ])
    return to
  }

  scalar(i: number): Register {
    const a = this.#case.v.args[i]
    return a.op === 'const' ? literal(this.code, a) : load(this.code, a.type, this.code.parameters[i + 1])
  }

  isUniform(i: number): boolean {
    return this.#case.uniform === i || this.#case.v.args[i].op === 'const'
  }

  spread(type: 'i32' | 'f32' | 'f64' | 'i64', x: number | bigint, bits: 128 | 256 | 512): Register {
    return this.code.constantRegister(bytesOf(type, x), bits)
  }
}
