import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AssemblerError, type FunctionBuilder, ModuleBuilder } from '../src/wasm/encode/index.ts'

interface Expected {
  op: string
  expected?: string
  found?: string
  problem?: RegExp
}

const wrong: [string, (f: FunctionBuilder) => unknown, Expected][] = [
  [
    'an operand of another type',
    f => f.i32(1).f32(2).op('i32.add'),
    { op: 'i32.add', expected: '[i32 i32]', found: '[i32 f32]' },
  ],
  ['a missing operand', f => f.i32(1).op('i32.add'), { op: 'i32.add', expected: '[i32 i32]', found: '[i32]' }],
  ['an empty stack', f => f.drop(), { op: 'drop', found: '[]' }],
  [
    'an i64 where a 32-bit address is due',
    f => f.i64(0).load('f32.load'),
    { op: 'f32.load', expected: '[i32]', found: '[i64]' },
  ],
  [
    'operands outside the block',
    f => {
      f.i32(1).i32(2)
      f.block()
      f.op('i32.add')
    },
    { op: 'i32.add', found: '[]' },
  ],
  [
    'a value left over in a block',
    f => {
      f.block()
      f.i32(1).end()
    },
    { op: 'end', expected: '[]', found: '[i32]' },
  ],
  [
    'a block without its result',
    f => {
      f.block('f64')
      f.end()
    },
    { op: 'end', expected: '[f64]', found: '[]' },
  ],
  [
    'an if without else that must give a value',
    f => {
      f.i32(1).if('i32')
      f.i32(1).end()
    },
    { op: 'end', expected: '[]', found: '[i32]', problem: /without else/ },
  ],
  [
    'an if on a float',
    f => {
      f.f32(1).if()
    },
    { op: 'if', expected: '[i32]', found: '[f32]' },
  ],
  [
    'a branch without its value',
    f => {
      const label = f.block('v128')
      f.br(label)
    },
    { op: 'br', expected: '[v128]', found: '[]' },
  ],
  ['select of two types', f => f.f32(1).f64(1).i32(0).select(), { op: 'select', expected: '[f64]', found: '[f32]' }],
  [
    'a local of another type',
    f => f.i32(1).set(f.local('f32')),
    { op: 'local.set', expected: '[f32]', found: '[i32]' },
  ],
  ['a global of another type', f => f.f64(1).globalSet(0), { op: 'global.set', expected: '[i32]', found: '[f64]' }],
  ['a call with the wrong arguments', f => f.i32(1).call(f), { op: 'call', expected: '[i32 f64]', found: '[i32]' }],
  ['return of the wrong type', f => f.i32(1).return(), { op: 'return', expected: '[i64]', found: '[i32]' }],
  ['a write to an immutable global', f => f.f32(1).globalSet(1), { op: 'global.set', problem: /immutable/ }],
  [
    'a second else',
    f => {
      f.i32(1).if()
      f.else().else()
    },
    { op: 'else', problem: /already/ },
  ],
  [
    'a table of branches that carry different types',
    f => {
      const outer = f.block('i32')
      const inner = f.block()
      f.i32(0).brTable([outer], inner)
    },
    { op: 'br_table', expected: '[]', found: '[i32]' },
  ],
  ['a local released twice', f => f.release(f.local('f32')).release(2), { op: 'release', problem: /before/ }],
]

const mistakes: [string, (f: FunctionBuilder) => unknown, Expected][] = [
  ['an unknown name', f => f.op('i32x4.div'), { op: 'i32x4.div', problem: /no instruction/ }],
  ['an unknown local', f => f.get(9), { op: 'local.get', problem: /no local 9/ }],
  ['a lane beyond the shape', f => f.laneOp('f32x4.extract_lane', 4), { op: 'f32x4.extract_lane', problem: /0\.\.3/ }],
  [
    'a byte index beyond two vectors',
    f => f.shuffle(new Array(16).fill(32)),
    { op: 'i8x16.shuffle', problem: /0\.\.31/ },
  ],
  ['15 lanes', f => f.shuffle(new Array(15).fill(0)), { op: 'i8x16.shuffle', problem: /15/ }],
  ['a vector of 15 bytes', f => f.v128const(new Uint8Array(15)), { op: 'v128.const', problem: /15/ }],
  ['an alignment beyond the natural', f => f.load('i32.load', 0, 3), { op: 'i32.load', problem: /2\^3/ }],
  ['an atomic of another alignment', f => f.load('i32.atomic.load', 0, 1), { op: 'i32.atomic.load', problem: /2\^1/ }],
  ['a negative offset', f => f.load('i32.load', -4), { op: 'i32.load', problem: /-4/ }],
  ['an offset beyond 32 bits', f => f.load('i32.load', 2 ** 32), { op: 'i32.load', problem: /4294967296/ }],
  ['load of what is no access', f => f.load('i32.add'), { op: 'i32.add', problem: /'none'/ }],
  ['end without a block', f => f.end(), { op: 'end', problem: /no block/ }],
  [
    'else in a loop',
    f => {
      f.loop()
      f.else()
    },
    { op: 'else', problem: /loop/ },
  ],
  [
    'a branch to a closed block',
    f => {
      const label = f.block()
      f.end().br(label)
    },
    { op: 'br', problem: /not open/ },
  ],
  [
    'a branch to a block whose place another took',
    f => {
      const label = f.block()
      f.end()
      f.loop()
      f.br(label)
    },
    { op: 'br', problem: /not open/ },
  ],
  ['release of a parameter', f => f.release(0), { op: 'release', problem: /parameter/ }],
]

function kernel(check: boolean): { module: ModuleBuilder; f: FunctionBuilder } {
  const module = new ModuleBuilder({ memory64: false, check })
  module.importMemory('env', 'memory')
  module.addGlobal('i32', true, 1)
  module.addGlobal('f32', false, 1)
  return { module, f: module.addFunction('kernel', ['i32', 'f64'], ['i64']) }
}

function fault(run: () => unknown): AssemblerError {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof AssemblerError, String(error))
    return error
  }
  return assert.fail('nothing was thrown')
}

function compare(error: AssemblerError, { op, expected, found, problem }: Expected, what: string): void {
  assert.equal(error.op, op, what)
  assert.equal(error.function, 'kernel', what)
  if (expected !== undefined) assert.equal(error.expected, expected, what)
  if (found !== undefined) assert.equal(error.found, found, what)
  if (problem !== undefined) assert.match(error.message, problem, what)
}

test('checked mode names the operation, what it expected and what it found', () => {
  for (const [what, write, expected] of wrong) {
    compare(
      fault(() => write(kernel(true).f)),
      expected,
      what,
    )
  }
})

test('what is wrong whatever the stack is refused in both modes', () => {
  for (const check of [false, true]) {
    for (const [what, write, expected] of mistakes) {
      const { f } = kernel(check)
      // Operands enough for those whose operands are checked first.
      if (check && expected.op !== 'end') f.unreachable()
      compare(
        fault(() => write(f)),
        expected,
        what,
      )
    }
  }
})

test('the error says where: byte, source position, the instructions before', () => {
  const { f } = kernel(true)
  f.i32(1).drop().mark({ line: 7, column: 4 }).f32(1).f32(2)
  const error = fault(() => f.op('f64.add'))
  assert.equal(error.offset, f.size)
  assert.deepEqual(error.position, { line: 7, column: 4 })
  assert.deepEqual(error.story, ['i32.const', 'drop', 'f32.const', 'f32.const'])
  assert.match(error.message, /f64\.add: expected \[f64 f64\] on the stack, found \[f32 f32\] in function 'kernel'/)
  assert.match(error.message, /source line 7, column 4/)
})

test('finish finds open blocks and a wrong result', () => {
  const open = kernel(false)
  open.f.loop()
  assert.match(fault(() => open.module.finish()).message, /1 block.* still open, the innermost a loop/)
  const result = kernel(true)
  result.f.f32(1)
  assert.equal(fault(() => result.module.finish()).expected, '[i64]')
})

test('after an unconditional branch anything goes, until the block ends', () => {
  const { module, f } = kernel(true)
  const label = f.block('i32')
  f.i32(1).br(label).op('f64.add').drop().op('i32.add').end()
  f.op('i64.extend_i32_s')
  assert.ok(WebAssembly.validate(module.finish()))
})

test('unchecked, the same code gives the same bytes', () => {
  const bytes = [true, false].map(check => {
    const { module, f } = kernel(check)
    f.get(0).if('i64')
    f.i64(1).else().get(1).op('i64.trunc_sat_f64_s').end()
    return module.finish()
  })
  assert.deepEqual(bytes[0], bytes[1])
})

test('a released local is taken again by its type', () => {
  const { module, f } = kernel(true)
  const [a, b] = [f.local('v128', 'a'), f.local('f32')]
  f.release(a).release(b)
  assert.equal(f.local('f32'), b)
  assert.equal(f.local('v128', 'c'), a)
  assert.notEqual(f.local('v128'), a)
  f.i64(0)
  assert.ok(WebAssembly.validate(module.finish()))
  assert.equal(f.localNames.get(a), 'a')
})

test('a module finished twice is the same', () => {
  const { module, f } = kernel(true)
  f.mark({ line: 1, column: 0 }).i64(5)
  const first = module.finish()
  const { codeOffset } = f
  assert.deepEqual(module.finish(), first)
  assert.equal(f.codeOffset, codeOffset)
})
