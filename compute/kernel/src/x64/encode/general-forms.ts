/**
 * Instructions on general registers and memory, a line a form: the first that fits the operands is taken, so shorter ones come first.
 *
 *     name  operands  opcode  flags
 *
 * Operands: `r` ModRM.reg, `m` ModRM.rm (a register or memory), `M` memory alone, `o` a register in the opcode, `a` the accumulator, `c` cl, `1` the number one,
 * `b` an immediate byte, `w` a byte without a sign, `d` 32 bits with a sign, `u` 32 bits without one, `q` 64 bits. Those of another width than the instruction's have it behind them: `m8`.
 *
 * Flags: `/n` a digit in ModRM.reg, `8` an instruction of bytes, `16` of 16 bits, `32` `64` of that width alone, `D` 64 bits without a prefix that says so, `L` a lock prefix;
 * and those of `access.ts`: the first operand is read and written, if they say nothing else.
 */

import { type Access, accessOf } from './access.ts'
import { FormTable } from './form-table.ts'

export type Place = 'r' | 'm' | 'M' | 'o' | 'a' | 'c' | '1' | 'b' | 'w' | 'd' | 'u' | 'q'

export interface GeneralForm {
  readonly name: string
  readonly roles: readonly { readonly place: Place; readonly bits: number | undefined }[]
  /** Bytes before ModRM, with a prefix in front of REX apart. */
  readonly prefix: number | undefined
  readonly opcode: readonly number[]
  readonly digit: number | undefined
  /** The only width; undefined: 32 or 64. */
  readonly width: 8 | 16 | 32 | 64 | undefined
  /** 64 bits need no prefix. */
  readonly is64: boolean
  readonly isLocked: boolean
  readonly access: Access
}

const lines: string[] = []
const add = (text: string) => {
  for (const line of text.split('\n')) if (line.trim() !== '') lines.push(line.trim())
}

const hex = (value: number): string => value.toString(16).padStart(2, '0')

for (const [digit, name] of ['add', 'or', 'adc', 'sbb', 'and', 'sub', 'xor', 'cmp'].entries()) {
  const access = name === 'cmp' ? 'q' : name === 'xor' || name === 'sub' ? 'z' : ''
  add(`${name} m,r ${hex(digit * 8 + 1)} ${access}
       ${name} r,M ${hex(digit * 8 + 3)} ${access}
       ${name} m,b 83 /${digit} ${access}
       ${name} a,d ${hex(digit * 8 + 5)} ${access}
       ${name} m,d 81 /${digit} ${access}
       ${name} m8,r8 ${hex(digit * 8)} 8 ${access}
       ${name} a8,b ${hex(digit * 8 + 4)} 8 ${access}
       ${name} m8,b 80 /${digit} 8 ${access}`)
}
add(`mov m,r 89 w
     mov r,M 8B w
     mov o,u B8 32 w
     mov m,d C7 /0 w
     mov o,q B8 64 w
     mov m8,r8 88 8 w
     mov m16,r16 89 16 w
     movzx r,m8 0F.B6 w
     movzx r,m16 0F.B7 w
     movsx r,m8 0F.BE w
     movsx r,m16 0F.BF w
     movsxd r,m32 63 64 w
     movnti M,r 0F.C3 w
     lea r,M 8D w
     test m,r 85 q
     test a,d A9 q
     test m,d F7 /0 q
     test m8,r8 84 8 q
     imul r,m 0F.AF
     imul r,m,b 6B w
     imul r,m,d 69 w
     imul m F7 /5 q <a >ad
     mul m F7 /4 q <a >ad
     div m F7 /6 q <ad >ad
     idiv m F7 /7 q <ad >ad
     neg m F7 /3
     not m F7 /2
     inc m FF /0
     dec m FF /1
     cdq  99 32 <a >d
     cqo  99 64 <a >d
     bswap o 0F.C8
     xchg M,r 87 x
     xadd M,r 0F.C1 x
     tzcnt r,m F3:0F.BC w
     lzcnt r,m F3:0F.BD w
     popcnt r,m F3:0F.B8 w
     bt m,r 0F.A3 q
     bt m,w 0F.BA /4 q
     jmp m FF /4 D q
     call m FF /2 D q
     push o 50 D q
     pop o 58 D w
     ret  C3 D
     cpuid  0F.A2 D <ac >acdb
     xgetbv  0F.01.D0 D <c >ad
     rdtsc  0F.31 D >ad
     ud2  0F.0B D
     int3  CC D
     pause  F3:90 D
     sfence  0F.AE.F8 D
     lfence  0F.AE.E8 D
     mfence  0F.AE.F0 D
     vzeroupper  C5.F8.77 D
     prefetcht0 M8 0F.18 /1 D
     prefetcht1 M8 0F.18 /2 D
     prefetcht2 M8 0F.18 /3 D
     prefetchnta M8 0F.18 /0 D
     prefetchw M8 0F.0D /1 D
     lock_xadd M,r 0F.C1 L x
     lock_cmpxchg M,r 0F.B1 L <a >a
     lock_cmpxchg16b M128 0F.C7 /1 64 L <acdb >ad
     lock_add M,r 01 L
     lock_sub M,r 29 L
     lock_and M,r 21 L
     lock_or M,r 09 L
     lock_xor M,r 31 L`)
for (const [name, digit] of [
  ['rol', 0],
  ['ror', 1],
  ['shl', 4],
  ['shr', 5],
  ['sar', 7],
] as const) {
  add(`${name} m,1 D1 /${digit}
       ${name} m,w C1 /${digit}
       ${name} m,c D3 /${digit}`)
}

/** By number: what a jump, a move or a set asks of the flags. */
export const conditions = [
  'o',
  'no',
  'b',
  'ae',
  'e',
  'ne',
  'be',
  'a',
  's',
  'ns',
  'p',
  'np',
  'l',
  'ge',
  'le',
  'g',
] as const
export type Condition = (typeof conditions)[number]

for (const [number, condition] of conditions.entries()) {
  add(`cmov${condition} r,m 0F.${hex(0x40 + number)}
       set${condition} m8 0F.${hex(0x90 + number)} 8`)
}

function parse(line: string): GeneralForm {
  const [name, operands, code, ...flags] = line.trim().split(/ /)
  const [prefix, opcode] = code.includes(':') ? code.split(':') : [undefined, code]
  const width = flags.find(flag => /^(8|16|32|64)$/.test(flag))
  return {
    name,
    roles:
      operands === ''
        ? []
        : operands.split(',').map(role => ({ place: role[0] as Place, bits: Number(role.slice(1)) || undefined })),
    prefix: prefix === undefined ? undefined : Number.parseInt(prefix, 16),
    opcode: opcode.split('.').map(byte => Number.parseInt(byte, 16)),
    digit: flags.filter(flag => flag.startsWith('/')).map(flag => Number(flag[1]))[0],
    width: width === undefined ? undefined : (Number(width) as 8 | 16 | 32 | 64),
    is64: flags.includes('D'),
    isLocked: flags.includes('L'),
    access: accessOf(flags, 'u'),
  }
}

export const generalForms = new FormTable<GeneralForm>(lines, parse)
