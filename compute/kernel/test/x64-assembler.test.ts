import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InternalError } from '@skein/base'
import { needs } from '@skein/testing'
import { Assembler } from '../src/x64/encode/assembler.ts'
import { conditions } from '../src/x64/encode/general-forms.ts'
import { gpr, Memory, mask, vector } from '../src/x64/encode/operands.ts'
import { assemble } from './gnu-as.ts'

const [rax, rcx] = gpr[64]
const ymm = vector[256]

/** Bytes of the code, without the constants behind it. */
function code(write: (asm: Assembler) => void): string {
  const asm = new Assembler()
  write(asm)
  const { bytes, codeBytes } = asm.finish()
  return Buffer.from(bytes.subarray(0, codeBytes)).toString('hex')
}

const nothing = (asm: Assembler, count: number) => {
  for (let k = 0; k < count; k++) asm.general('int3')
}

test('a jump back takes two bytes as long as they reach', () => {
  const back = (between: number) =>
    code(asm => {
      const top = asm.label()
      asm.bind(top)
      nothing(asm, between)
      asm.jump(top)
      asm.jump(top, 'ne')
    }).slice(2 * between)
  assert.equal(back(0), 'ebfe75fc')
  assert.equal(back(124), 'eb827580')
  // The second is just too far.
  assert.equal(back(125), 'eb810f857bffffff')
  assert.equal(back(127), 'e97cffffff0f8576ffffff')
})

test('a jump ahead is filled in when its label is bound', () => {
  const text = code(asm => {
    const end = asm.label()
    asm.jump(end)
    asm.jump(end, 'a')
    nothing(asm, 3)
    asm.bind(end)
    asm.general('ret')
  })
  assert.equal(text, 'e909000000' + '0f8703000000' + 'cccccc' + 'c3')
})

test('every condition has its number', () => {
  for (const [number, condition] of conditions.entries()) {
    const text = code(asm => {
      const top = asm.label()
      asm.bind(top)
      asm.jump(top, condition)
    })
    assert.equal(text, `${(0x70 + number).toString(16)}fe`)
  }
})

test('calls reach functions before and behind', () => {
  const text = code(asm => {
    const [first, second] = [asm.label('first'), asm.label('second')]
    asm.bind(first)
    asm.call(second)
    asm.general('ret')
    asm.bind(second)
    asm.call(first)
  })
  assert.equal(text, 'e801000000' + 'c3' + 'e8f5ffffff')
})

test('a label stands in one place, and somewhere', () => {
  const asm = new Assembler()
  const twice = asm.label('twice')
  asm.bind(twice)
  assert.throws(() => asm.bind(twice), InternalError)
  const never = asm.label('never')
  asm.jump(never)
  assert.throws(() => asm.finish(), /never stands nowhere/)
})

test('alignment is filled as GNU as fills it', { skip: needs('gnu-as') }, () => {
  const gaps = [1, 2, 3, 4, 5, 6, 7, 8]
  const theirs = assemble(gaps.map(gap => `.nops ${gap}`))
  for (const [k, gap] of gaps.entries()) {
    const text = code(asm => {
      nothing(asm, 16 - gap)
      asm.align(16)
      assert.equal(asm.at, 16)
      // Nothing is left to do.
      asm.align(16)
      assert.equal(asm.at, 16)
    })
    assert.equal(text.slice(2 * (16 - gap)), Buffer.from(theirs[k].subarray(0, gap)).toString('hex'))
  }
  const long = (asm: Assembler) => (asm.general('ret'), asm.align(16))
  assert.equal(code(long), 'c3' + '0f1f840000000000' + '0f1f8000000000')
})

test('constants lie behind the code, each once, at a multiple of its length', () => {
  const asm = new Assembler(true)
  const small = new Uint8Array([1, 2, 3, 4])
  const large = new Uint8Array(32).fill(7)
  asm.vector('vaddps', [ymm[0], ymm[1], asm.constant(small, 4)])
  asm.vector('vmulps', [ymm[0], ymm[0], asm.constant(large)])
  asm.vector('vandps', [ymm[0], ymm[0], asm.constant(new Uint8Array(32).fill(7))])
  // With an immediate behind the distance.
  asm.vector('vcmpps', [mask[1], ymm[0], asm.constant(small, 4), 1], { length: 256 })
  small.fill(0)
  const { bytes, codeBytes } = asm.finish()
  assert.equal(bytes.length, 64 + 32 + 4)
  assert.deepEqual([...bytes.subarray(codeBytes, 64)], Array(64 - codeBytes).fill(0xcc))
  assert.deepEqual([...bytes.subarray(64, 96)], Array(32).fill(7))
  assert.deepEqual([...bytes.subarray(96)], [1, 2, 3, 4])
  const view = new DataView(bytes.buffer)
  // EVEX, opcode and ModRM are six bytes; VEX of two, opcode and ModRM four.
  assert.equal(10 + view.getInt32(6, true), 96)
  assert.equal(18 + view.getInt32(14, true), 64)
  assert.equal(26 + view.getInt32(22, true), 64)
  assert.equal(37 + view.getInt32(32, true), 96)
})

test('behind a constant of any length, others lie at multiples of theirs', () => {
  const asm = new Assembler()
  const sizes = [8, 88, 32, 120, 4, 16, 64]
  const at = sizes.map((size, k) => asm.constant(new Uint8Array(size).fill(k + 1)))
  asm.general('ret')
  const { bytes } = asm.finish()
  for (const [k, { label }] of at.entries()) {
    assert.deepEqual([...bytes.subarray(label!.at, label!.at! + sizes[k])], Array(sizes[k]).fill(k + 1))
    assert.equal(label!.at! % Math.min(64, 2 ** Math.ceil(Math.log2(sizes[k]))), 0)
  }
})

test('code may be longer than the buffer that it begins with', () => {
  const asm = new Assembler()
  const end = asm.label()
  asm.jump(end)
  for (let k = 0; k < 3000; k++) asm.general('add', [rax, new Memory({ base: rcx, disp: k })])
  asm.bind(end)
  const { bytes, codeBytes } = asm.finish()
  assert.equal(codeBytes, bytes.length)
  assert.equal(new DataView(bytes.buffer).getInt32(1, true), codeBytes - 5)
  assert.deepEqual([...bytes.subarray(-7)], [0x48, 0x03, 0x81, 0xb7, 0x0b, 0, 0])
})

test('the listing says what stands where', () => {
  const asm = new Assembler(true)
  const top = asm.label('top')
  asm.comment('line 3')
  asm.general('mov', [rax, 5])
  asm.bind(top)
  asm.vector('vaddps', [ymm[16], ymm[1], new Memory({ base: rax, index: rcx, scale: 4, disp: -64, broadcast: 4 })], {
    predicate: { mask: mask[2], zeroes: true },
  })
  asm.vector('vaddps', [ymm[0], ymm[1], asm.constant(new Uint8Array(32))])
  asm.general('dec', [rcx])
  asm.jump(top, 'ne')
  asm.general('mov', [new Memory({ disp: 16 }), 1], 32)
  const { listing, bytes } = asm.finish()
  assert.deepEqual(
    listing.map(({ at, text }) => `${String(at).padStart(2)} ${text}`),
    [
      ' 0 ; line 3',
      ' 0 mov rax, 5',
      ' 7 top:',
      ' 7 vaddps ymm16{k2}{z}, ymm1, DWORD PTR [rax+rcx*4-64]{1to8}',
      '15 vaddps ymm0, ymm1, YMMWORD PTR .C0[rip]',
      '23 dec rcx',
      '26 jne top',
      '28 mov DWORD PTR ds:16, 1',
      '64 .C0:',
    ],
  )
  assert.deepEqual(new Assembler().finish().listing, [])
  assert.equal(bytes.length, 96)
})
