import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type FunctionBuilder,
  ModuleBuilder,
  OPCODES,
  type Opcode,
  type OperandType,
  type Type,
} from '../src/wasm/encode/index.ts'

/** Pushes a value of a type, out of nothing. */
function push(f: FunctionBuilder, type: OperandType): void {
  if (type === 'addr') f.addr(64)
  else if (type === 'i32') f.i32(-5)
  else if (type === 'i64') f.i64(1n << 40n)
  else if (type === 'f32') f.f32(1.5)
  else if (type === 'f64') f.f64(-0)
  else if (type === 'v128') f.v128const(new Uint8Array(16).fill(3))
  else f.op('ref.null', type)
}

/** Immediates that fit an instruction of each kind, where it is not told by its table entry alone. */
function write(f: FunctionBuilder, op: Opcode): void {
  for (const type of op.params) push(f, type)
  if (op.imm === 'memarg') f.op(op.name, 300)
  else if (op.imm === 'lane') f.op(op.name, op.lanes - 1)
  else if (op.imm === 'memarg-lane') f.op(op.name, op.lanes - 1, 300, 0)
  else if (op.imm === 'shuffle')
    f.op(
      op.name,
      Array.from({ length: 16 }, (_, i) => (i * 7) % 32),
    )
  else if (op.imm === 'v128')
    f.op(
      op.name,
      Uint8Array.from({ length: 16 }, (_, i) => i * 16),
    )
  else if (op.imm === 'i64') f.op(op.name, -(1n << 62n))
  else if (op.imm === 'f32' || op.imm === 'f64') f.op(op.name, Number.NaN)
  else if (op.imm === 'i32') f.op(op.name, -(2 ** 31))
  else f.op(op.name, 0, 0)
  for (const _ of op.results) f.drop()
}

/** Instructions whose operands depend on their surroundings: each written in a surrounding that fits. */
const surroundings: Record<string, (f: FunctionBuilder, target: FunctionBuilder) => void> = {
  unreachable: f => f.op('unreachable'),
  block: f => {
    f.i32(1)
    f.op('block', ['i32', 'i64'], 'i32')
    f.i64(2).op('end').drop().drop()
  },
  loop: f => f.op('loop').op('end'),
  if: f => f.i32(1).op('if', 'f32').f32(1).op('else').f32(2).op('end').drop(),
  else: f => f.i32(1).op('if').op('else').op('end'),
  end: f => f.op('block').op('end'),
  br: f => {
    const label = f.block('i32')
    f.i32(4).op('br', label).op('end').drop()
  },
  br_if: f => {
    const label = f.loop()
    f.i32(0).op('br_if', label).op('end')
  },
  br_table: f => {
    const outer = f.block()
    const inner = f.block()
    f.i32(1).op('br_table', [inner, outer, inner], outer).op('end').op('end')
  },
  return: f => f.op('return'),
  call: (f, target) => f.i32(1).f64(2).op('call', target).drop(),
  call_indirect: f => f.i32(1).f64(2).i32(0).op('call_indirect', ['i32', 'f64'], ['i64']).drop(),
  return_call: (f, target) => {
    f.i32(1).op('if').op('return_call', f.index).op('end')
    f.i32(1).f64(2).op('call', target).drop()
  },
  return_call_indirect: f => f.i32(0).op('return_call_indirect', [], []),
  drop: f => f.i32(1).op('drop'),
  select: f => f.f32(1).f32(2).i32(0).op('select').drop(),
  select_t: f => f.f64(1).f64(2).i32(0).op('select_t', 'f64').drop(),
  'local.get': f => f.op('local.get', f.local('v128')).drop(),
  'local.set': f => f.f32(1).op('local.set', f.local('f32')),
  'local.tee': f => f.i64(1).op('local.tee', f.local('i64')).drop(),
  'global.get': f => f.op('global.get', 0).drop(),
  'global.set': f => f.i32(1).op('global.set', 0),
  'ref.null': f => f.op('ref.null', 'externref').drop(),
  'ref.is_null': f => f.op('ref.null', 'funcref').op('ref.is_null').drop(),
}

function moduleWith(
  memory64: boolean,
  body: (f: FunctionBuilder, target: FunctionBuilder) => void,
): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder({ memory64, check: true })
  module.importMemory('env', 'memory')
  module.addTable(4, 10)
  module.addGlobal('i32', true, 7)
  const target = module.addFunction('target', ['i32', 'f64'], ['i64'])
  module.exportFunction('target', target)
  module.addElements([target], 0)
  module.addElements([target])
  module.addPassiveData(new Uint8Array(8))
  target.get(0).op('i64.extend_i32_s')
  const f = module.addFunction('f', [], [])
  body(f, target)
  return module.finish()
}

for (const memory64 of [false, true]) {
  test(`every instruction is written as the engine reads it, memory${memory64 ? 64 : 32}`, () => {
    let count = 0
    for (const op of Object.values(OPCODES)) {
      const body = op.contextual ? surroundings[op.name] : (f: FunctionBuilder) => write(f, op)
      assert.ok(body, `${op.name} has no surrounding in this test`)
      const bytes = moduleWith(memory64, body)
      try {
        new WebAssembly.Module(bytes)
      } catch (error) {
        assert.fail(`${op.name}: ${(error as Error).message}`)
      }
      count++
    }
    assert.ok(count > 500, `the table has ${count}`)
  })
}

/** The JavaScript interface of 64-bit memories changed on the way: Node 22 has the older one. */
function memory64Of(initial: number, maximum: number): WebAssembly.Memory {
  const describe = (description: object) =>
    new WebAssembly.Memory({ ...description, shared: true } as unknown as WebAssembly.MemoryDescriptor)
  try {
    return describe({ address: 'i64', initial: BigInt(initial), maximum: BigInt(maximum) })
  } catch {
    return describe({ index: 'i64', initial, maximum })
  }
}

test('a memory of any size may be imported', () => {
  for (const memory64 of [false, true]) {
    const module = new ModuleBuilder({ memory64, check: true })
    module.importMemory('env', 'memory')
    const f = module.addFunction('f', [module.addressType], ['i32'])
    f.get(0).load('i32.load', 4)
    module.exportFunction('f', f)
    const memory = memory64
      ? memory64Of(1, 262144)
      : new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true })
    new Int32Array(memory.buffer)[3] = 42
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.finish()), { env: { memory } })
    const call = exports.f as (at: number | bigint) => number
    assert.equal(call(memory64 ? 8n : 8), 42)
  }
})

test('the codes are unique and the names are their own', () => {
  const seen = new Map<string, string>()
  for (const [name, op] of Object.entries(OPCODES)) {
    assert.equal(name, op.name)
    const key = op.code.join(' ')
    assert.equal(seen.get(key), undefined, `${name} has the code of ${seen.get(key)}`)
    seen.set(key, name)
    const types: Type[] = ['i32', 'i64', 'f32', 'f64', 'v128', 'funcref', 'externref']
    for (const type of [...op.params, ...op.results]) assert.ok(type === 'addr' || types.includes(type), name)
  }
})
