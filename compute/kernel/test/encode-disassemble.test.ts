import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  decodeModule,
  disassemble,
  type Instruction,
  MalformedModuleError,
  ModuleBuilder,
  OPCODES,
  positionAt,
} from '../src/wasm/encode/index.ts'
import { f32Text, f64Text, v128Text } from '../src/wasm/encode/literals.ts'
import { randomModule, rewrite } from './encode-programs.ts'

const tape = fc.array(fc.nat({ max: 0xffffffff }), { maxLength: 400, size: 'max' })

test('a random program is valid, is read to the last byte, and is written again as it was', () => {
  fc.assert(
    fc.property(tape, fc.boolean(), (choices, memory64) => {
      const module = randomModule(choices, memory64)
      const bytes = module.finish()
      new WebAssembly.Module(bytes)
      const { functions } = decodeModule(bytes)
      const [f] = functions
      const code = f.code
      for (let i = 1; i < code.length; i++) assert.equal(code[i].offset, code[i - 1].end)
      const again = new ModuleBuilder({ memory64, check: true })
      again.importMemory('env', 'memory')
      again.importFunction('env', 'imported', ['i32', 'f32'], ['f64', 'i64'])
      again.addGlobal('v128', true, new Uint8Array(16))
      const g = again.addFunction('random', f.params, f.results)
      for (const type of f.locals.slice(f.params.length)) g.local(type)
      rewrite(g, code)
      again.finish()
      const from = code[0].offset
      // Type indices depend on what else the module has; everything else is the same byte for byte.
      if (!code.some(i => i.block && i.block.params.length + i.block.results.length > 1)) {
        assert.deepEqual(g.code.toBytes(), bytes.slice(from, from + g.size))
      }
      assert.equal(g.size, code[code.length - 1].offset - from)
    }),
    { numRuns: 300 },
  )
})

/** Names of the instructions in a line of folded text, in the order in which they run. */
function linearize(line: string): string[] {
  const tokens = line.match(/[a-z0-9]+x\d+\([^)]*\)|[()]|[^\s()]+/g) ?? []
  let at = 0
  const group = () => {
    while (tokens[at++] !== ')');
  }
  const immediates = (name: string) => {
    const { imm } = OPCODES[name]
    if (imm === 'block') {
      at++
      while (tokens[at] === '(' && /^(param|result)$/.test(tokens[at + 1])) group()
    } else if (imm === 'shuffle') at += 16
    else if (/^(lane|i32|i64|f32|f64|v128|local|global|func|label)$/.test(imm)) at++
    while (/^(offset|align)=/.test(tokens[at] ?? '')) at++
    if (imm === 'memarg-lane') at++
  }
  const tree = (closing: boolean): string[] => {
    const name = tokens[at++]
    assert.ok(OPCODES[name], `${name} in ${line}`)
    immediates(name)
    const before: string[] = []
    while (at < tokens.length && tokens[at] !== ')') {
      if (tokens[at] === '(') {
        at++
        before.push(...tree(true))
      } else before.push(tokens[at++].startsWith('$') ? 'local.get' : 'const')
    }
    if (closing) at++
    return [...before, name.replace(/^.*\.const$/, 'const')]
  }
  return tree(false)
}

const plainName = ({ op }: Instruction) => op.name.replace(/^.*\.const$/, 'const')

test('folding keeps every instruction, in its order', () => {
  fc.assert(
    fc.property(tape, fc.boolean(), (choices, memory64) => {
      const bytes = randomModule(choices, memory64).finish()
      const [f] = decodeModule(bytes).functions
      const text = disassemble(bytes, { only: ['random'], width: Number.POSITIVE_INFINITY })
      const lines = text.split('\n').filter(line => /^ {2}[^(]/.test(line))
      assert.deepEqual(lines.flatMap(linearize), f.code.slice(0, -1).map(plainName))
      // Blocks are indented and closed.
      const opened = lines.filter(line => /^ *(block|loop|if) /.test(line)).length
      assert.equal(lines.filter(line => /^ *end$/.test(line)).length, opened)
    }),
    { numRuns: 300 },
  )
})

test('a narrow listing has the same words as a wide one', () => {
  const words = (text: string) => text.split(/\s+/).join(' ')
  fc.assert(
    fc.property(tape, choices => {
      const bytes = randomModule(choices, false).finish()
      assert.equal(words(disassemble(bytes, { width: 40 })), words(disassemble(bytes, { width: 10000 })))
    }),
  )
})

test('a module cut short, or with a byte too many, is a typed error', () => {
  const bytes = randomModule(
    Array.from({ length: 200 }, (_, i) => (i * 2654435761) % 0xffffffff),
    true,
  ).finish()
  let refused = 0
  for (let length = 0; length < bytes.length; length++) {
    try {
      decodeModule(bytes.subarray(0, length))
    } catch (error) {
      assert.ok(error instanceof MalformedModuleError, String(error))
      refused++
    }
  }
  // What remains readable are the prefixes that end with a section.
  assert.ok(refused > bytes.length - 12)
  assert.throws(() => decodeModule(Uint8Array.of(...bytes, 0)), MalformedModuleError)
})

test('any damaged byte gives a listing or a typed error', () => {
  const bytes = randomModule(
    Array.from({ length: 150 }, (_, i) => (i * 40503 + 7) % 0xffffffff),
    false,
  ).finish()
  fc.assert(
    fc.property(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 }), (at, value) => {
      const damaged = bytes.slice()
      damaged[at] = value
      try {
        disassemble(damaged)
      } catch (error) {
        assert.ok(error instanceof MalformedModuleError, String(error))
      }
    }),
    { numRuns: 2000 },
  )
})

function saxpy(): ModuleBuilder {
  const module = new ModuleBuilder({ memory64: true, check: true, name: 'saxpy' })
  module.importMemory('env', 'memory')
  const fail = module.importFunction('env', 'fail', ['i32'], [])
  module.addGlobal('i32', true, f => f.i32(4).i32(100000).op('i32.mul'))
  module.addData(16, Uint8Array.of(1, 2, 3))
  const f = module.addFunction('kernel', ['i32', 'i64', 'i64', 'f32'], [], { export: 'run' })
  f.nameLocal(0, 'n').nameLocal(1, 'x').nameLocal(2, 'y').nameLocal(3, 'a')
  f.mark({ line: 1, column: 0 })
  f.get(0).op('i32.eqz').if()
  f.i32(3).call(fail).end()
  const loop = f.loop()
  f.mark({ line: 2, column: 2 })
  f.get(2).get(3).op('f32x4.splat').get(1).load('v128.load', 0, 2).op('f32x4.mul').get(2).load('v128.load', 16)
  f.op('f32x4.add')
    .v128const(new Uint8Array(new Float32Array([1, 0, -2.5, 0.1]).buffer))
    .op('f32x4.max')
  f.store('v128.store', 0, 2)
  f.mark({ line: 1, column: 0 })
  f.get(1).i64(16).op('i64.add').set(1)
  f.get(0).i32(4).op('i32.sub').tee(0).brIf(loop).end()
  return module
}

test('a listing, as it is read', () => {
  const module = saxpy()
  const bytes = module.finish()
  const source = '(i, a, x, y) => {\n  y[i] = max(a * x[i] + y[i], LOW)\n}'
  const listing = disassemble(bytes, { positions: module.positions, source, width: 60 })
  assert.equal(
    listing,
    `module $saxpy
  import "env" "memory" (memory i64 0 262144 shared)
  import "env" "fail" (func $fail (param i32))
  global $0 (mut i32) (i32.mul 4 0x186a0)
  data (offset i64.const 16) 3 bytes: 01 02 03

func $kernel (export "run") (param $n i32) (param $x i64)
    (param $y i64) (param $a f32)
  if $I1 (i32.eqz $n)                                        ;;   1 │ (i, a, x, y) => {
    call $fail 3
  end
  loop $L2
    v128.store align=4 $y                                    ;;   2 │ y[i] = max(a * x[i] + y[i], LOW)
        (f32x4.max
          (f32x4.add
            (f32x4.mul
              (f32x4.splat $a)
              (v128.load align=4 $x))
            (v128.load offset=16 $y))
          f32x4(1 0 -2.5 0.1))
    local.set $x (i64.add $x 16)                             ;;   1 │ (i, a, x, y) => {
    br_if $L2 (local.tee $n (i32.sub $n 4))
  end`,
  )
})

test('names may be given, functions chosen, offsets shown', () => {
  const bytes = saxpy().finish()
  const names = { functions: new Map([[1, 'body']]), locals: new Map([[1, new Map([[0, 'count']])]]) }
  const listing = disassemble(bytes, { names, only: ['body'], offsets: true })
  assert.match(listing, /^ {8}func \$body \(export "run"\) \(param \$count i32\)/)
  const { offset } = decodeModule(bytes).functions[0].code.find(i => i.op.name === 'if')!
  assert.ok(listing.split('\n').includes(`${offset.toString(16).padStart(6, '0')}    if $I1 (i32.eqz $count)`))
})

test('each marked byte tells its position', () => {
  const module = saxpy()
  const bytes = module.finish()
  const { code } = decodeModule(bytes).functions[0]
  const lines = code.map(i => positionAt(module.positions, i.offset)?.line)
  const store = code.findIndex(i => i.op.name === 'v128.store')
  assert.equal(lines[store], 2)
  assert.equal(lines[0], 1)
  assert.equal(lines[store + 1], 1)
  assert.equal(lines[code.length - 1], undefined, 'the closing end comes from nowhere')
  assert.equal(positionAt(module.positions, 0), undefined)
})

test('constants are short and exact', () => {
  const single = (text: string) => new Int32Array(Float32Array.of(Number(text)).buffer)[0]
  const double = (text: string) => new BigInt64Array(Float64Array.of(Number(text)).buffer)[0]
  fc.assert(
    fc.property(fc.integer(), fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }), (bits, wide) => {
      const text = f32Text(bits)
      if (!/nan|inf/.test(text)) assert.equal(single(text), bits)
      const long = f64Text(wide)
      if (!/nan|inf/.test(long)) assert.equal(double(long), wide)
    }),
  )
  const table: [string, string][] = [
    [f32Text(0x7fc00000), 'nan'],
    [f32Text(0xffc00001 | 0), '-nan:0x400001'],
    [f32Text(0xff800000 | 0), '-inf'],
    [f32Text(0x80000000 | 0), '-0'],
    [f32Text(single('0.1')), '0.1'],
    [f64Text(double('NaN')), 'nan'],
    [f64Text(double('-0')), '-0'],
    [f64Text(double('1e300')), '1e+300'],
    [v128Text(new Uint8Array(16)), 'i32x4(0)'],
    [v128Text(new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer)), 'f32x4(1 2 3 4)'],
    [v128Text(new Uint8Array(Float64Array.of(1, 1).buffer)), 'f64x2(1)'],
    [v128Text(new Uint8Array(Int32Array.of(-1, -1, -1, -1).buffer)), 'i32x4(-1)'],
    [v128Text(new Uint8Array(Int32Array.of(-1, 0, -1, 0).buffer), 'i64x2'), 'i64x2(0xffffffff)'],
  ]
  for (const [found, expected] of table) assert.equal(found, expected)
})

test("a memory of the module's own is named by its accesses, and each instance has it for itself", () => {
  for (const memory64 of [false, true]) {
    const module = new ModuleBuilder({ memory64, shared: true, check: true })
    module.importMemory('env', 'memory')
    const own = module.addOwnMemory(1)
    const f = module.addFunction('next', [], ['i32'], { export: 'next' })
    f.i32(8).i32(8).own(own, 'i32.load', 4).i32(1).op('i32.add').own(own, 'i32.store', 4)
    f.i32(8).own(own, 'i32.load', 4).addr(8).load('i32.load', 4).op('i32.add')
    assert.throws(() => f.own(own + 1, 'i32.load'), /there is no memory 2/)
    const bytes = module.finish()
    assert.match(disassemble(bytes), /i32\.store 1 offset=4/)
    assert.doesNotMatch(disassemble(bytes), /i32\.load 0/)
    const { memories } = decodeModule(bytes)
    assert.deepEqual(memories, [{ min: 1, max: 1, shared: false, memory64: false }])
    const shared = { shared: true, ...(memory64 ? { address: 'i64' } : {}) }
    const size = (pages: number) => (memory64 ? BigInt(pages) : pages) as number
    const memory = new WebAssembly.Memory({
      initial: size(1),
      maximum: size(1),
      ...shared,
    } as WebAssembly.MemoryDescriptor)
    const make = () => {
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } })
      return exports.next as () => number
    }
    const [first, second] = [make(), make()]
    assert.deepEqual([first(), first(), second()], [1, 2, 1])
    assert.equal(new Int32Array(memory.buffer)[3], 0)
  }
})

test('encoding speed, for the record', t => {
  let best = Number.POSITIVE_INFINITY
  let size = 0
  for (let i = 0; i < 200; i++) {
    const start = performance.now()
    size = saxpy().finish().length
    best = Math.min(best, performance.now() - start)
  }
  t.diagnostic(`a module of ${size} bytes, checked: ${(best * 1000).toFixed(1)} µs`)
})
