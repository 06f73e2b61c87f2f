/**
 * Every instruction Skein can write: MVP, sign extension, saturating truncation, bulk memory, tables, multi-value, tail
 * calls, SIMD128, relaxed SIMD, threads. The codes come in runs of neighbours, so the table is written in runs: the
 * first code, what follows the opcode, the signature, then the names (`-` is a code the standard leaves unused; a
 * memory instruction carries the base-2 logarithm of its natural alignment after a colon).
 *
 * Source: WebAssembly Core Specification 3.0, appendix "Index of Instructions".
 */

export type Type = 'i32' | 'i64' | 'f32' | 'f64' | 'v128' | 'funcref' | 'externref'

/** Beside an access's alignment: the index of its memory follows. */
export const NAMES_MEMORY = 0x40

/** `addr` is i64 when the module's memory is 64-bit, else i32. */
export type OperandType = Type | 'addr'

/** What a function or a block takes from the stack and leaves there. */
export interface Signature {
  readonly params: readonly Type[]
  readonly results: readonly Type[]
}

/** What follows the opcode in the code. */
export type Immediate =
  | 'none'
  | 'memarg'
  | 'memarg-lane'
  | 'lane'
  | 'shuffle'
  | 'v128'
  | 'i32'
  | 'i64'
  | 'f32'
  | 'f64'
  | 'local'
  | 'global'
  | 'func'
  | 'indirect'
  | 'label'
  | 'labels'
  | 'block'
  | 'types'
  | 'memory'
  | 'memories'
  | 'data'
  | 'data-memory'
  | 'table'
  | 'tables'
  | 'elem'
  | 'elem-table'
  | 'reftype'
  | 'zero'

export interface Opcode {
  readonly name: string
  /** Bytes of the opcode: the prefix, where there is one, then the subopcode as LEB128. */
  readonly code: readonly number[]
  readonly imm: Immediate
  /** Operands, the deepest first. */
  readonly params: readonly OperandType[]
  readonly results: readonly OperandType[]
  /** log2 of the bytes a memory instruction touches: its natural alignment. Atomics must use exactly this. */
  readonly align: number
  /** Lanes a lane immediate may name: it must be below this. 0 where there is none. */
  readonly lanes: number
  /** The operand types depend on the immediate or on what is on the stack: params and results do not tell them. */
  readonly contextual: boolean
}

const table: Record<string, Opcode> = Object.create(null)

const words = (text: string) => text.split(' ').filter(word => word !== '')

function run(prefix: number, first: number, imm: Immediate, signature: string, names: string, contextual = false) {
  const arrow = signature.indexOf('->')
  const before = words(signature.slice(0, arrow)) as OperandType[]
  const after = words(signature.slice(arrow + 2)) as OperandType[]
  let sub = first
  for (const entry of names.split(' ')) {
    // Alignments are one digit.
    const aligned = entry.charAt(entry.length - 2) === ':'
    const name = aligned ? entry.slice(0, -2) : entry
    const align = aligned ? Number(entry.charAt(entry.length - 1)) : 0
    const code = prefix === 0 ? [sub] : sub < 0x80 ? [prefix, sub] : [prefix, (sub & 0x7f) | 0x80, sub >> 7]
    sub++
    if (name === '-') continue
    table[name] = {
      name,
      code,
      imm,
      params: before,
      results: after,
      align,
      lanes:
        imm === 'lane'
          ? Number.parseInt(name.slice(name.indexOf('x') + 1), 10)
          : imm === 'memarg-lane'
            ? 16 >> align
            : 0,
      contextual,
    }
  }
}

const context = (first: number, imm: Immediate, names: string, signature = '->') =>
  run(0, first, imm, signature, names, true)
const plain = (first: number, signature: string, names: string) => run(0, first, 'none', signature, names)
const memory = (first: number, signature: string, names: string) => run(0, first, 'memarg', signature, names)

// Control, variables, tables.
context(0x00, 'none', 'unreachable')
plain(0x01, '->', 'nop')
context(0x02, 'block', 'block loop')
context(0x04, 'block', 'if', 'i32 ->')
context(0x05, 'none', 'else')
context(0x0b, 'none', 'end')
context(0x0c, 'label', 'br')
context(0x0d, 'label', 'br_if', 'i32 ->')
context(0x0e, 'labels', 'br_table', 'i32 ->')
context(0x0f, 'none', 'return')
context(0x10, 'func', 'call')
context(0x11, 'indirect', 'call_indirect', 'i32 ->')
context(0x12, 'func', 'return_call')
context(0x13, 'indirect', 'return_call_indirect', 'i32 ->')
context(0x1a, 'none', 'drop')
context(0x1b, 'none', 'select', 'i32 ->')
context(0x1c, 'types', 'select_t', 'i32 ->')
context(0x20, 'local', 'local.get local.set local.tee')
context(0x23, 'global', 'global.get global.set')
run(0, 0x25, 'table', 'i32 -> funcref', 'table.get')
run(0, 0x26, 'table', 'i32 funcref ->', 'table.set')
context(0xd0, 'reftype', 'ref.null')
context(0xd1, 'none', 'ref.is_null', '-> i32')
run(0, 0xd2, 'func', '-> funcref', 'ref.func')

// Memory.
memory(0x28, 'addr -> i32', 'i32.load:2')
memory(0x29, 'addr -> i64', 'i64.load:3')
memory(0x2a, 'addr -> f32', 'f32.load:2')
memory(0x2b, 'addr -> f64', 'f64.load:3')
memory(0x2c, 'addr -> i32', 'i32.load8_s:0 i32.load8_u:0 i32.load16_s:1 i32.load16_u:1')
memory(0x30, 'addr -> i64', 'i64.load8_s:0 i64.load8_u:0 i64.load16_s:1 i64.load16_u:1 i64.load32_s:2 i64.load32_u:2')
memory(0x36, 'addr i32 ->', 'i32.store:2')
memory(0x37, 'addr i64 ->', 'i64.store:3')
memory(0x38, 'addr f32 ->', 'f32.store:2')
memory(0x39, 'addr f64 ->', 'f64.store:3')
memory(0x3a, 'addr i32 ->', 'i32.store8:0 i32.store16:1')
memory(0x3c, 'addr i64 ->', 'i64.store8:0 i64.store16:1 i64.store32:2')
run(0, 0x3f, 'memory', '-> addr', 'memory.size')
run(0, 0x40, 'memory', 'addr -> addr', 'memory.grow')

// Constants.
run(0, 0x41, 'i32', '-> i32', 'i32.const')
run(0, 0x42, 'i64', '-> i64', 'i64.const')
run(0, 0x43, 'f32', '-> f32', 'f32.const')
run(0, 0x44, 'f64', '-> f64', 'f64.const')

// Scalar arithmetic.
const family = (type: string, names: string) =>
  names
    .split(' ')
    .map(name => (name === '-' ? name : `${type}.${name}`))
    .join(' ')
const integerCompare = 'eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u'
const floatCompare = 'eq ne lt gt le ge'
const integerBinary = 'add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr'
const floatUnary = 'abs neg ceil floor trunc nearest sqrt'
const floatBinary = 'add sub mul div min max copysign'
plain(0x45, 'i32 -> i32', 'i32.eqz')
plain(0x46, 'i32 i32 -> i32', family('i32', integerCompare))
plain(0x50, 'i64 -> i32', 'i64.eqz')
plain(0x51, 'i64 i64 -> i32', family('i64', integerCompare))
plain(0x5b, 'f32 f32 -> i32', family('f32', floatCompare))
plain(0x61, 'f64 f64 -> i32', family('f64', floatCompare))
plain(0x67, 'i32 -> i32', family('i32', 'clz ctz popcnt'))
plain(0x6a, 'i32 i32 -> i32', family('i32', integerBinary))
plain(0x79, 'i64 -> i64', family('i64', 'clz ctz popcnt'))
plain(0x7c, 'i64 i64 -> i64', family('i64', integerBinary))
plain(0x8b, 'f32 -> f32', family('f32', floatUnary))
plain(0x92, 'f32 f32 -> f32', family('f32', floatBinary))
plain(0x99, 'f64 -> f64', family('f64', floatUnary))
plain(0xa0, 'f64 f64 -> f64', family('f64', floatBinary))

// Conversions.
plain(0xa7, 'i64 -> i32', 'i32.wrap_i64')
plain(0xa8, 'f32 -> i32', 'i32.trunc_f32_s i32.trunc_f32_u')
plain(0xaa, 'f64 -> i32', 'i32.trunc_f64_s i32.trunc_f64_u')
plain(0xac, 'i32 -> i64', 'i64.extend_i32_s i64.extend_i32_u')
plain(0xae, 'f32 -> i64', 'i64.trunc_f32_s i64.trunc_f32_u')
plain(0xb0, 'f64 -> i64', 'i64.trunc_f64_s i64.trunc_f64_u')
plain(0xb2, 'i32 -> f32', 'f32.convert_i32_s f32.convert_i32_u')
plain(0xb4, 'i64 -> f32', 'f32.convert_i64_s f32.convert_i64_u')
plain(0xb6, 'f64 -> f32', 'f32.demote_f64')
plain(0xb7, 'i32 -> f64', 'f64.convert_i32_s f64.convert_i32_u')
plain(0xb9, 'i64 -> f64', 'f64.convert_i64_s f64.convert_i64_u')
plain(0xbb, 'f32 -> f64', 'f64.promote_f32')
plain(0xbc, 'f32 -> i32', 'i32.reinterpret_f32')
plain(0xbd, 'f64 -> i64', 'i64.reinterpret_f64')
plain(0xbe, 'i32 -> f32', 'f32.reinterpret_i32')
plain(0xbf, 'i64 -> f64', 'f64.reinterpret_i64')
plain(0xc0, 'i32 -> i32', 'i32.extend8_s i32.extend16_s')
plain(0xc2, 'i64 -> i64', 'i64.extend8_s i64.extend16_s i64.extend32_s')
run(0xfc, 0, 'none', 'f32 -> i32', 'i32.trunc_sat_f32_s i32.trunc_sat_f32_u')
run(0xfc, 2, 'none', 'f64 -> i32', 'i32.trunc_sat_f64_s i32.trunc_sat_f64_u')
run(0xfc, 4, 'none', 'f32 -> i64', 'i64.trunc_sat_f32_s i64.trunc_sat_f32_u')
run(0xfc, 6, 'none', 'f64 -> i64', 'i64.trunc_sat_f64_s i64.trunc_sat_f64_u')

// Bulk memory and tables.
run(0xfc, 8, 'data-memory', 'addr i32 i32 ->', 'memory.init')
run(0xfc, 9, 'data', '->', 'data.drop')
run(0xfc, 10, 'memories', 'addr addr addr ->', 'memory.copy')
run(0xfc, 11, 'memory', 'addr i32 addr ->', 'memory.fill')
run(0xfc, 12, 'elem-table', 'i32 i32 i32 ->', 'table.init')
run(0xfc, 13, 'elem', '->', 'elem.drop')
run(0xfc, 14, 'tables', 'i32 i32 i32 ->', 'table.copy')
run(0xfc, 15, 'table', 'funcref i32 -> i32', 'table.grow')
run(0xfc, 16, 'table', '-> i32', 'table.size')
run(0xfc, 17, 'table', 'i32 funcref i32 ->', 'table.fill')

// SIMD128.
const simd = (first: number, signature: string, names: string) => run(0xfd, first, 'none', signature, names)
const one = 'v128 -> v128'
const two = 'v128 v128 -> v128'
const three = 'v128 v128 v128 -> v128'
const shift = 'v128 i32 -> v128'
const test = 'v128 -> i32'
run(
  0xfd,
  0,
  'memarg',
  'addr -> v128',
  'v128.load:4 v128.load8x8_s:3 v128.load8x8_u:3 v128.load16x4_s:3 v128.load16x4_u:3',
)
run(0xfd, 5, 'memarg', 'addr -> v128', 'v128.load32x2_s:3 v128.load32x2_u:3')
run(0xfd, 7, 'memarg', 'addr -> v128', 'v128.load8_splat:0 v128.load16_splat:1 v128.load32_splat:2 v128.load64_splat:3')
run(0xfd, 11, 'memarg', 'addr v128 ->', 'v128.store:4')
run(0xfd, 12, 'v128', '-> v128', 'v128.const')
run(0xfd, 13, 'shuffle', two, 'i8x16.shuffle')
simd(14, two, 'i8x16.swizzle')
simd(15, 'i32 -> v128', 'i8x16.splat i16x8.splat i32x4.splat')
simd(18, 'i64 -> v128', 'i64x2.splat')
simd(19, 'f32 -> v128', 'f32x4.splat')
simd(20, 'f64 -> v128', 'f64x2.splat')
run(0xfd, 21, 'lane', 'v128 -> i32', 'i8x16.extract_lane_s i8x16.extract_lane_u')
run(0xfd, 23, 'lane', 'v128 i32 -> v128', 'i8x16.replace_lane')
run(0xfd, 24, 'lane', 'v128 -> i32', 'i16x8.extract_lane_s i16x8.extract_lane_u')
run(0xfd, 26, 'lane', 'v128 i32 -> v128', 'i16x8.replace_lane')
run(0xfd, 27, 'lane', 'v128 -> i32', 'i32x4.extract_lane')
run(0xfd, 28, 'lane', 'v128 i32 -> v128', 'i32x4.replace_lane')
run(0xfd, 29, 'lane', 'v128 -> i64', 'i64x2.extract_lane')
run(0xfd, 30, 'lane', 'v128 i64 -> v128', 'i64x2.replace_lane')
run(0xfd, 31, 'lane', 'v128 -> f32', 'f32x4.extract_lane')
run(0xfd, 32, 'lane', 'v128 f32 -> v128', 'f32x4.replace_lane')
run(0xfd, 33, 'lane', 'v128 -> f64', 'f64x2.extract_lane')
run(0xfd, 34, 'lane', 'v128 f64 -> v128', 'f64x2.replace_lane')
simd(35, two, family('i8x16', integerCompare))
simd(45, two, family('i16x8', integerCompare))
simd(55, two, family('i32x4', integerCompare))
simd(65, two, family('f32x4', floatCompare))
simd(71, two, family('f64x2', floatCompare))
simd(77, one, 'v128.not')
simd(78, two, 'v128.and v128.andnot v128.or v128.xor')
simd(82, three, 'v128.bitselect')
simd(83, test, 'v128.any_true')
run(
  0xfd,
  84,
  'memarg-lane',
  'addr v128 -> v128',
  'v128.load8_lane:0 v128.load16_lane:1 v128.load32_lane:2 v128.load64_lane:3',
)
run(
  0xfd,
  88,
  'memarg-lane',
  'addr v128 ->',
  'v128.store8_lane:0 v128.store16_lane:1 v128.store32_lane:2 v128.store64_lane:3',
)
run(0xfd, 92, 'memarg', 'addr -> v128', 'v128.load32_zero:2 v128.load64_zero:3')
simd(94, one, 'f32x4.demote_f64x2_zero f64x2.promote_low_f32x4')
simd(96, one, 'i8x16.abs i8x16.neg i8x16.popcnt')
simd(99, test, 'i8x16.all_true i8x16.bitmask')
simd(101, two, 'i8x16.narrow_i16x8_s i8x16.narrow_i16x8_u')
simd(103, one, 'f32x4.ceil f32x4.floor f32x4.trunc f32x4.nearest')
simd(107, shift, 'i8x16.shl i8x16.shr_s i8x16.shr_u')
simd(110, two, family('i8x16', 'add add_sat_s add_sat_u sub sub_sat_s sub_sat_u'))
simd(116, one, 'f64x2.ceil f64x2.floor')
simd(118, two, family('i8x16', 'min_s min_u max_s max_u'))
simd(122, one, 'f64x2.trunc')
simd(123, two, 'i8x16.avgr_u')
simd(124, one, family('i16x8', 'extadd_pairwise_i8x16_s extadd_pairwise_i8x16_u'))
simd(126, one, family('i32x4', 'extadd_pairwise_i16x8_s extadd_pairwise_i16x8_u'))
simd(128, one, 'i16x8.abs i16x8.neg')
simd(130, two, 'i16x8.q15mulr_sat_s')
simd(131, test, 'i16x8.all_true i16x8.bitmask')
simd(133, two, 'i16x8.narrow_i32x4_s i16x8.narrow_i32x4_u')
simd(135, one, family('i16x8', 'extend_low_i8x16_s extend_high_i8x16_s extend_low_i8x16_u extend_high_i8x16_u'))
simd(139, shift, 'i16x8.shl i16x8.shr_s i16x8.shr_u')
simd(142, two, family('i16x8', 'add add_sat_s add_sat_u sub sub_sat_s sub_sat_u'))
simd(148, one, 'f64x2.nearest')
simd(149, two, family('i16x8', 'mul min_s min_u max_s max_u - avgr_u'))
simd(156, two, family('i16x8', 'extmul_low_i8x16_s extmul_high_i8x16_s extmul_low_i8x16_u extmul_high_i8x16_u'))
simd(160, one, 'i32x4.abs i32x4.neg')
simd(163, test, 'i32x4.all_true i32x4.bitmask')
simd(167, one, family('i32x4', 'extend_low_i16x8_s extend_high_i16x8_s extend_low_i16x8_u extend_high_i16x8_u'))
simd(171, shift, 'i32x4.shl i32x4.shr_s i32x4.shr_u')
simd(174, two, family('i32x4', 'add - - sub - - - mul min_s min_u max_s max_u dot_i16x8_s'))
simd(188, two, family('i32x4', 'extmul_low_i16x8_s extmul_high_i16x8_s extmul_low_i16x8_u extmul_high_i16x8_u'))
simd(192, one, 'i64x2.abs i64x2.neg')
simd(195, test, 'i64x2.all_true i64x2.bitmask')
simd(199, one, family('i64x2', 'extend_low_i32x4_s extend_high_i32x4_s extend_low_i32x4_u extend_high_i32x4_u'))
simd(203, shift, 'i64x2.shl i64x2.shr_s i64x2.shr_u')
simd(206, two, family('i64x2', 'add - - sub - - - mul eq ne lt_s gt_s le_s ge_s'))
simd(220, two, family('i64x2', 'extmul_low_i32x4_s extmul_high_i32x4_s extmul_low_i32x4_u extmul_high_i32x4_u'))
simd(224, one, family('f32x4', 'abs neg - sqrt'))
simd(228, two, family('f32x4', 'add sub mul div min max pmin pmax'))
simd(236, one, family('f64x2', 'abs neg - sqrt'))
simd(240, two, family('f64x2', 'add sub mul div min max pmin pmax'))
simd(248, one, 'i32x4.trunc_sat_f32x4_s i32x4.trunc_sat_f32x4_u f32x4.convert_i32x4_s f32x4.convert_i32x4_u')
simd(252, one, 'i32x4.trunc_sat_f64x2_s_zero i32x4.trunc_sat_f64x2_u_zero')
simd(254, one, 'f64x2.convert_low_i32x4_s f64x2.convert_low_i32x4_u')

// Relaxed SIMD.
simd(256, two, 'i8x16.relaxed_swizzle')
simd(257, one, family('i32x4', 'relaxed_trunc_f32x4_s relaxed_trunc_f32x4_u'))
simd(259, one, family('i32x4', 'relaxed_trunc_f64x2_s_zero relaxed_trunc_f64x2_u_zero'))
simd(261, three, 'f32x4.relaxed_madd f32x4.relaxed_nmadd f64x2.relaxed_madd f64x2.relaxed_nmadd')
simd(265, three, 'i8x16.relaxed_laneselect i16x8.relaxed_laneselect i32x4.relaxed_laneselect i64x2.relaxed_laneselect')
simd(269, two, 'f32x4.relaxed_min f32x4.relaxed_max f64x2.relaxed_min f64x2.relaxed_max')
simd(273, two, 'i16x8.relaxed_q15mulr_s i16x8.relaxed_dot_i8x16_i7x16_s')
simd(275, three, 'i32x4.relaxed_dot_i8x16_i7x16_add_s')

// Threads.
const atomic = (first: number, signature: string, names: string) => run(0xfe, first, 'memarg', signature, names)
atomic(0x00, 'addr i32 -> i32', 'memory.atomic.notify:2')
atomic(0x01, 'addr i32 i64 -> i32', 'memory.atomic.wait32:2')
atomic(0x02, 'addr i64 i64 -> i32', 'memory.atomic.wait64:3')
run(0xfe, 0x03, 'zero', '->', 'atomic.fence')
atomic(0x10, 'addr -> i32', 'i32.atomic.load:2')
atomic(0x11, 'addr -> i64', 'i64.atomic.load:3')
atomic(0x12, 'addr -> i32', 'i32.atomic.load8_u:0 i32.atomic.load16_u:1')
atomic(0x14, 'addr -> i64', 'i64.atomic.load8_u:0 i64.atomic.load16_u:1 i64.atomic.load32_u:2')
atomic(0x17, 'addr i32 ->', 'i32.atomic.store:2')
atomic(0x18, 'addr i64 ->', 'i64.atomic.store:3')
atomic(0x19, 'addr i32 ->', 'i32.atomic.store8:0 i32.atomic.store16:1')
atomic(0x1b, 'addr i64 ->', 'i64.atomic.store8:0 i64.atomic.store16:1 i64.atomic.store32:2')
for (const [first, action] of Object.entries({
  30: 'add',
  37: 'sub',
  44: 'and',
  51: 'or',
  58: 'xor',
  65: 'xchg',
  72: 'cmpxchg',
})) {
  const code = Number(first)
  const values = (type: string) => `addr ${action === 'cmpxchg' ? `${type} ${type}` : type} -> ${type}`
  atomic(code, values('i32'), `i32.atomic.rmw.${action}:2`)
  atomic(code + 1, values('i64'), `i64.atomic.rmw.${action}:3`)
  atomic(code + 2, values('i32'), `i32.atomic.rmw8.${action}_u:0 i32.atomic.rmw16.${action}_u:1`)
  atomic(
    code + 4,
    values('i64'),
    `i64.atomic.rmw8.${action}_u:0 i64.atomic.rmw16.${action}_u:1 i64.atomic.rmw32.${action}_u:2`,
  )
}

/** Every instruction by its name in the standard's text format (typed `select` is `select_t`). */
export const OPCODES: Readonly<Record<string, Opcode>> = table

/** The byte of each type in the binary format. */
export const TYPE_CODES: Readonly<Record<Type, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
  funcref: 0x70,
  externref: 0x6f,
}
