/** Functions and constants that generated code shares: made when first asked for, one of each in a module. */
import type { Element, KernelIR, Type, Value } from '../ir/ir.ts'
import { ELEMENT_BYTES } from '../ir/ir.ts'
import { routine } from '../math/index.ts'
import type { FunctionBuilder, ModuleBuilder } from './encode/index.ts'

/** Offsets in the argument block, from its address. The host writes it; see `launch/layout.ts`. */
export interface Layout {
  /** i64: (site + 1) << 32 | index, of a check that failed. */
  failure: number
}

/** A table keeps its elements as what they are loaded as. */
const tableBytes = (v: Value): number => (v.type === 'f64' || v.type === 'i64' ? 8 : 4)

const vector = new Uint8Array(16)
const scratch = new DataView(vector.buffer)

const ALL_ZEROS = -1
export const ALL_ONES = -2

export class Helpers {
  readonly module: ModuleBuilder
  private readonly made = new Map<string, FunctionBuilder>()
  /** Bytes of the constant pool: vectors first, tables after. Every constant of 16 bytes stands 16-aligned. */
  private readonly pool: number[] = []
  private readonly pooled = new Map<string, number>()
  /** Offsets of spread numbers, by type and number. */
  private readonly splats = new Map<Type, Map<unknown, number>>()
  private readonly tables = new Map<object, number>()
  /** Pushes the address of the pool in the function being emitted. */
  pushPool: () => void = () => {}
  private f: FunctionBuilder | undefined
  /** Functions that were called and whose code is to be written. */
  readonly routines: { ir: KernelIR; f: FunctionBuilder }[] = []

  constructor(module: ModuleBuilder) {
    this.module = module
  }

  enter(f: FunctionBuilder, pushPool: () => void): void {
    this.f = f
    this.pushPool = pushPool
  }

  get poolBytes(): Uint8Array {
    return new Uint8Array(this.pool)
  }

  /** Offset in the pool of some bytes. */
  constant(bytes: Uint8Array): number {
    const key = bytes.join()
    const old = this.pooled.get(key)
    if (old !== undefined) return old
    while (this.pool.length % 16) this.pool.push(0)
    const at = this.pool.length
    bytes.forEach(b => this.pool.push(b))
    this.pooled.set(key, at)
    return at
  }

  /** Offset in the pool of a number spread over a vector; {@link ALL_ZEROS} and {@link ALL_ONES} are not kept there. */
  splat(type: Type, value: number | bigint | boolean): number {
    let known = this.splats.get(type)
    if (!known) this.splats.set(type, (known = new Map()))
    // A Map does not tell -0 from 0.
    const key = Object.is(value, -0) ? '-0' : value
    let at = known.get(key)
    if (at === undefined) known.set(key, (at = this.constantOf(type, value)))
    return at
  }

  private constantOf(type: Type, value: number | bigint | boolean): number {
    if (type === 'f64') scratch.setFloat64(0, value as number, true)
    else if (type === 'i64') scratch.setBigInt64(0, value as bigint, true)
    else if (type === 'f32') scratch.setFloat32(0, value as number, true)
    else scratch.setInt32(0, type === 'i1' ? (value ? -1 : 0) : (value as number), true)
    if (type !== 'f64' && type !== 'i64') scratch.setInt32(4, scratch.getInt32(0))
    const low = scratch.getInt32(0)
    if (low === scratch.getInt32(4)) {
      if (low === 0) return ALL_ZEROS
      if (low === -1) return ALL_ONES
    }
    return this.constant(vector.copyWithin(8, 0, 8))
  }

  /** Pushes `pool + index * size`; the index is on the stack as i32. */
  tableAddress(v: Value): void {
    const f = this.f!
    const size = tableBytes(v)
    if (this.module.memory64) f.op('i64.extend_i32_u').i64(Math.log2(size)).op('i64.shl')
    else f.i32(Math.log2(size)).op('i32.shl')
    this.pushPool()
    f.op(this.module.memory64 ? 'i64.add' : 'i32.add')
  }

  tableOffset(v: Value): number {
    const { values } = v.attr as { values: (number | bigint)[] }
    const known = this.tables.get(values)
    if (known !== undefined) return known
    const size = tableBytes(v)
    const bytes = new Uint8Array(values.length * size)
    const view = new DataView(bytes.buffer)
    values.forEach((x, i) => {
      if (v.type === 'f64') view.setFloat64(i * size, Number(x), true)
      else if (v.type === 'f32') view.setFloat32(i * size, Number(x), true)
      else if (v.type === 'i64') view.setBigInt64(i * size, BigInt.asIntN(64, BigInt(x)), true)
      else view.setInt32(i * size, Number(x) | 0, true)
    })
    const at = this.constant(bytes)
    this.tables.set(values, at)
    return at
  }

  private helper(name: string, make: () => FunctionBuilder): FunctionBuilder {
    let f = this.made.get(name)
    if (!f) {
      f = make()
      this.made.set(name, f)
    }
    return f
  }

  /** The function of an operation `math`: of its operand and the address of the pool. The generator writes its code. */
  routine(v: Value): FunctionBuilder {
    const ir = routine(v.attr, v.type)
    return this.helper(ir.name, () => {
      const type = v.type as 'f32' | 'f64'
      const address = this.module.memory64 ? 'i64' : 'i32'
      const f = this.module.addFunction(ir.name, [type, address], [type])
      this.routines.push({ ir, f })
      return f
    })
  }

  /** `(x, y) → x % y` exactly, as C's fmod: long division, a bit of the quotient at a time, on scaled operands. */
  fmod(type: 'f32' | 'f64'): FunctionBuilder {
    if (type === 'f32') {
      return this.helper('fmod32', () => {
        const inner = this.fmod('f64')
        const f = this.module.addFunction('fmod32', ['f32', 'f32'], ['f32'])
        f.get(0).op('f64.promote_f32').get(1).op('f64.promote_f32').call(inner).op('f32.demote_f64')
        return f
      })
    }
    return this.helper('fmod64', () => {
      const f = this.module.addFunction('fmod64', ['f64', 'f64'], ['f64'])
      const r = f.local('f64', 'r')
      const y = f.local('f64', 'y')
      const m = f.local('f64', 'm')
      // NaN where x is not finite or y is 0 or NaN.
      f.get(0).get(0).op('f64.sub').f64(0).op('f64.ne')
      f.get(1).f64(0).op('f64.eq').op('i32.or')
      f.get(1).get(1).op('f64.ne').op('i32.or').if()
      f.f64(Number.NaN).return().end()
      f.get(0).op('f64.abs').set(r)
      f.get(1).op('f64.abs').set(y)
      // While r >= y: take off the largest y * 2^k not above r. Subtraction of neighbours in magnitude is exact.
      const out = f.block()
      const again = f.loop()
      f.get(r).get(y).op('f64.lt').brIf(out)
      f.get(y).set(m)
      // Scale m up by whole exponents: m * 2^(exponent(r) - exponent(y)), then halve if it went above r.
      const er = f.local('i64', 'er')
      f.get(r).op('i64.reinterpret_f64').i64(52).op('i64.shr_u')
      f.get(y).op('i64.reinterpret_f64').i64(52).op('i64.shr_u').op('i64.sub').set(er)
      f.get(y)
        .f64(2 ** -1022)
        .op('f64.ge')
        .get(er)
        .i64(0)
        .op('i64.gt_s')
        .op('i32.and')
        .if()
      f.get(y).op('i64.reinterpret_f64').get(er).i64(52).op('i64.shl').op('i64.add').op('f64.reinterpret_i64').set(m)
      f.get(m).get(r).op('f64.gt').if()
      f.get(m).f64(0.5).op('f64.mul').set(m)
      f.end()
      f.else()
      // Denormal divisors: double until the next doubling would exceed r.
      const stop = f.block()
      const double = f.loop()
      f.get(m).f64(2).op('f64.mul').get(r).op('f64.gt').brIf(stop)
      f.get(m).f64(2).op('f64.mul').set(m)
      f.br(double)
      f.end()
      f.end()
      f.end()
      f.get(r).get(m).op('f64.sub').set(r)
      f.br(again)
      f.end()
      f.end()
      f.get(r).get(0).op('f64.copysign')
      return f
    })
  }

  /** The same of the lanes of two vectors, one after the other. */
  remainders(type: 'f32' | 'f64'): FunctionBuilder {
    return this.helper(`remainders-${type}`, () => {
      const inner = this.fmod(type)
      const f = this.module.addFunction(`remainders-${type}`, ['v128', 'v128'], ['v128'])
      const shape = type === 'f32' ? 'f32x4' : 'f64x2'
      f.get(0)
      for (let lane = 0; lane < (type === 'f32' ? 4 : 2); lane++) {
        for (const operand of [0, 1]) f.get(operand).laneOp(`${shape}.extract_lane`, lane)
        f.call(inner).laneOp(`${shape}.replace_lane`, lane)
      }
      return f
    })
  }

  /** `(addr, value[, expected]) → old`: an atomic update of an element. Floats and min/max by compare-and-exchange. */
  atomic(kind: string, element: Element): FunctionBuilder {
    return this.helper(`atomic.${kind}.${element}`, () => {
      const wide = ELEMENT_BYTES[element] === 8
      const int = wide ? 'i64' : 'i32'
      const float = element[0] === 'f' ? (element as 'f32' | 'f64') : undefined
      const type = float ?? int
      const address = this.module.memory64 ? 'i64' : 'i32'
      const exchange = kind === 'compareExchange'
      const f = this.module.addFunction(
        `atomic_${kind}_${element}`,
        exchange ? [address, type, type] : [address, type],
        [type],
      )
      const bits = () => {
        if (float) f.op(`${int}.reinterpret_${float}`)
      }
      const back = () => {
        if (float) f.op(`${float}.reinterpret_${int}`)
      }
      const align = wide ? 3 : 2
      const native = { add: 'add', sub: 'sub', and: 'and', or: 'or', xor: 'xor', exchange: 'xchg' }[kind]
      if (native && (!float || kind === 'exchange')) {
        f.get(0).get(1)
        bits()
        f.op(`${int}.atomic.rmw.${native}`, 0, align)
        back()
        return f
      }
      const old = f.local(int, 'old')
      const seen = f.local(int, 'seen')
      f.get(0).load(`${int}.atomic.load`, 0, align).set(old)
      const again = f.loop(type)
      if (exchange) {
        // The same bits.
        f.get(old).get(2)
        bits()
        f.op(`${int}.ne`).if()
        f.get(old)
        back()
        f.return().end()
      }
      f.get(0).get(old)
      if (exchange) {
        f.get(1)
        bits()
      } else if (kind === 'add' || kind === 'sub') {
        f.get(old)
        back()
        f.get(1).op(`${type}.${kind}`)
        bits()
      } else if (float) {
        f.get(old)
        back()
        f.get(1).op(`${float}.${kind}`)
        bits()
      } else {
        const s = element[0] === 'u' ? 'u' : 's'
        f.get(1)
          .get(old)
          .get(1)
          .get(old)
          .op(`${int}.${kind === 'min' ? 'lt' : 'gt'}_${s}`)
          .select()
      }
      f.op(`${int}.atomic.rmw.cmpxchg`, 0, align).tee(seen).get(old).op(`${int}.ne`).if()
      f.get(seen).set(old).br(again)
      f.end()
      f.get(old)
      back()
      f.end()
      return f
    })
  }

  /**
   * A masked access that cannot be done as a whole: `(array, first, stride, length, active, scratch) → failed lane's index
   * or -1, as i64`. For each active lane l, element first + l·stride is checked and copied to (load) or from (store)
   * scratch + l·size. An index that fails is given zero-extended, so that it cannot be -1.
   */
  lanes(direction: 'load' | 'store', element: Element): FunctionBuilder {
    const size = ELEMENT_BYTES[element]
    return this.helper(`lanes.${direction}.${size}`, () => {
      const { memory64 } = this.module
      const address = memory64 ? 'i64' : 'i32'
      const f = this.module.addFunction(
        `lanes_${direction}_${size}`,
        [address, 'i32', 'i32', 'i32', 'i32', address],
        ['i64'],
      )
      const [array, first, stride, length, active, scratch] = [0, 1, 2, 3, 4, 5]
      const from = f.local(address, 'element')
      const name = { 1: '8_u', 2: '16_u', 4: '', 8: '' }[size as 1 | 2 | 4 | 8]
      const type = size === 8 ? 'i64' : 'i32'
      const load = `${type}.load${name}`
      const store = `${type}.store${size < 4 ? size * 8 : ''}`
      const done = f.block()
      const next = f.loop()
      f.get(active).op('i32.eqz').brIf(done)
      f.get(active).i32(1).op('i32.and').if()
      f.get(first).get(length).op('i32.ge_u').if()
      f.get(first).op('i64.extend_i32_u').return()
      f.end()
      f.get(first)
      if (memory64) f.op('i64.extend_i32_u').i64(size).op('i64.mul').get(array).op('i64.add').set(from)
      else f.i32(size).op('i32.mul').get(array).op('i32.add').set(from)
      if (direction === 'load') f.get(scratch).get(from).load(load).store(store)
      else f.get(from).get(scratch).load(load).store(store)
      f.end()
      f.get(scratch).addr(size).op(`${address}.add`).set(scratch)
      f.get(first).get(stride).op('i32.add').set(first)
      f.get(active).i32(1).op('i32.shr_u').set(active)
      f.br(next)
      f.end()
      f.end()
      f.i64(-1)
      return f
    })
  }
}
