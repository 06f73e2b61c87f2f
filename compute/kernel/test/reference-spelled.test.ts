import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Random } from '@skein/base'
import type { Type } from '../src/ir/ir.ts'
import { SEMANTICS } from '../src/ir/semantics.ts'
import { fromHalf, toHalf } from '../src/reference/float16.ts'
import { SPELLED, spell } from '../src/reference/spelled.ts'
import { EDGES } from './random-values.ts'

const seed = Number(process.env.SEED ?? 20253)
console.log(`reference-spelled: SEED=${seed}`)

function anything(random: Random, type: Type): unknown {
  const bits = new DataView(new ArrayBuffer(8))
  bits.setUint32(0, random.u32())
  bits.setUint32(4, random.u32())
  if (type === 'i1') return random.u32() % 2 === 0
  if (type === 'i32') return bits.getInt32(0)
  if (type === 'i64') return bits.getBigInt64(0)
  if (type === 'f32') return bits.getFloat32(0)
  return bits.getFloat64(0)
}

const fits: Record<string, (x: any) => boolean> = {
  i1: x => typeof x === 'boolean',
  i32: x => Object.is(x, x | 0),
  i64: x => typeof x === 'bigint' && x === BigInt.asIntN(64, x),
  f32: x => Object.is(x, Math.fround(x)),
  f64: x => typeof x === 'number',
}

describe('every operation of SEMANTICS', () => {
  for (const [key, fn] of Object.entries(SEMANTICS)) {
    const [op, from, to] = key.split('.') as [string, Type | undefined, Type | undefined]
    const compares = ['eq', 'ne', 'lt', 'le', 'slt', 'sle', 'ult', 'ule'].includes(op)
    it(`${key}: ${SPELLED[key] ?? 'called'}`, () => {
      const called: string[] = []
      const text = spell(key, ['x', 'y', 'z'], key => called.push(key))!
      const spelled = new Function(
        'semantics',
        `${called.map(k => `const ${k.replaceAll('.', '_')} = semantics['${k}']`)}
        return (x, y, z) => ${text}`,
      )(SEMANTICS) as (...args: unknown[]) => unknown
      const random = new Random(seed)
      const types: Type[] = from ? [from] : ['i1', 'i32', 'i64', 'f32', 'f64']
      for (const t of types) {
        const operands = op === 'select' ? (['i1', t, t] as Type[]) : Array<Type>(fn.length).fill(t)
        const result: Type = to ?? (compares ? 'i1' : t)
        const check = (args: unknown[]) => {
          const expected = fn(...args)
          const of = `${key}(${args.map(x => (Object.is(x, -0) ? '-0' : String(x))).join(', ')})`
          assert(fits[result](expected), `${of} = ${Object.is(expected, -0) ? '-0' : String(expected)} is ${result}`)
          assert(
            Object.is(spelled(...args), expected),
            `${of}: ${spelled(...args)} as spelled, ${expected} by SEMANTICS`,
          )
        }
        const all = (args: unknown[]) => {
          if (args.length === operands.length) check(args)
          else for (const x of EDGES[operands[args.length]]) all([...args, x])
        }
        if (op !== 'select') all([])
        for (let k = 0; k < 500; k++) {
          check(
            operands.map(u =>
              random.uniform() < 0.3 ? EDGES[u][random.integer(0, EDGES[u].length)] : anything(random, u),
            ),
          )
        }
      }
    })
  }

  it('has no spelling without an entry', () => {
    assert.deepEqual(
      Object.keys(SPELLED).filter(key => !(key in SEMANTICS)),
      [],
    )
    assert.equal(
      spell('add.i7', ['x', 'y'], () => {}),
      undefined,
    )
  })
})

describe('binary16', () => {
  const native = typeof Float16Array === 'function'

  it('all 65536 bit patterns go to their number and back', { skip: native ? false : 'no Float16Array here' }, () => {
    const bits = new Uint16Array(1)
    const half = new Float16Array(bits.buffer)
    for (let k = 0; k < 65536; k++) {
      bits[0] = k
      assert(Object.is(fromHalf(k), half[0]), `bits ${k}`)
      if (half[0] === half[0]) assert.equal(toHalf(half[0]), k)
    }
  })

  it('numbers round as Float16Array rounds them', { skip: native ? false : 'no Float16Array here' }, () => {
    const random = new Random(seed)
    const bits = new Uint16Array(1)
    const half = new Float16Array(bits.buffer)
    const check = (x: number) => {
      half[0] = x
      if (x === x) assert.equal(toHalf(x), bits[0], `${x}`)
      else assert.equal(toHalf(x), 0x7e00)
    }
    for (const x of [...EDGES.f32, ...EDGES.f64] as number[]) check(x)
    for (let k = 0; k < 65535; k++) {
      // Between each number and the next: the middle, and its neighbours.
      const [low, high] = [fromHalf(k), fromHalf(k + 1)]
      if (!Number.isFinite(low) || !Number.isFinite(high)) continue
      const middle = (low + high) / 2
      for (const x of [middle, middle * (1 + 2 ** -20), middle * (1 - 2 ** -20)]) check(x)
    }
    for (let k = 0; k < 20000; k++) check(anything(random, 'f32') as number)
  })
})
