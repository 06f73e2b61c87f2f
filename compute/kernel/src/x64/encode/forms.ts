/**
 * The vector instructions and how each is encoded: one line a form, in the words of the Intel manual (volume 2, "opcode", "operand encoding" and "tuple type"). The lines stand in `families/`. A mnemonic may have
 * several forms; the first that fits the operands is taken, and those come first that have the shorter prefix.
 *
 *     name  operands  prefix.map.opcode  VEX.W:tuple  EVEX.W:tuple  flags
 *
 * Operands are a place and a class. Places: `r` ModRM.reg, `v` VEX.vvvv, `m` ModRM.rm, `i` an immediate byte, `s` a register in one. Classes: `V` a vector of the instruction's
 * length, `H Q E` half, a quarter, an eighth of it, `X` `Y` one of 128 or 256 bits whatever that is, `K` a mask, `D` and `G` general ones of 32 and 64 bits, `M` memory alone, `W` memory with a vector as its index.
 *
 * `-` for a width: the form does not exist in that encoding. Flags: `c` both sources may change places, `l` the length is ignored (scalars), `L256` etc. lengths that there are,
 * `r` no memory, `s` a register may be stored as well as loaded (the next form), `n` no predicate, `/n` an opcode's digit in ModRM.reg; and those of `access.ts`: the first operand is
 * written, if they say nothing else.
 */

import { type Access, accessOf } from './access.ts'
import { arithmetic } from './families/arithmetic.ts'
import { comparisons } from './families/comparisons.ts'
import { conversions } from './families/conversions.ts'
import { half } from './families/half.ts'
import { masks } from './families/masks.ts'
import { moves } from './families/moves.ts'
import { FormTable } from './form-table.ts'

/** What a displacement of one byte counts, and whether memory may be broadcast. */
export type Tuple =
  | 'fv4' // full vector, broadcast of 4 bytes
  | 'fv8'
  | 'fv2'
  | 'hv4' // half a vector
  | 'hv2'
  | 'qv2'
  | 'fvm' // full vector, no broadcast
  | 'hvm'
  | 'qvm'
  | 'ovm'
  | 't1s1' // one element of so many bytes
  | 't1s2'
  | 't1s4'
  | 't1s8'
  | 't16' // so many bytes
  | 't32'
  | 'm128'
  | 'dup'

export type Place = 'r' | 'v' | 'm' | 'i' | 's'
export type Class = 'V' | 'H' | 'Q' | 'E' | 'X' | 'Y' | 'K' | 'D' | 'G' | 'M' | 'W' | 'I'

export interface Role {
  readonly place: Place
  readonly class: Class
}

export interface Form {
  readonly name: string
  readonly roles: readonly Role[]
  readonly prefix: 0 | 1 | 2 | 3
  readonly map: 1 | 2 | 3 | 5 | 6
  readonly opcode: number
  readonly digit: number | undefined
  readonly vexW: 0 | 1 | undefined
  readonly evexW: 0 | 1 | undefined
  readonly tuple: Tuple | undefined
  readonly isCommutative: boolean
  readonly isScalar: boolean
  /** Its ModRM.rm is a register. */
  readonly isRegisterOnly: boolean
  /** From register to register, the form after it does the same with places exchanged. */
  readonly hasStore: boolean
  readonly takesPredicate: boolean
  /** Bytes of an element of memory that may stand for all lanes. */
  readonly broadcast: 2 | 4 | 8 | undefined
  readonly isGather: boolean
  /** In bits; empty: any. */
  readonly lengths: readonly number[]
  readonly access: Access
}

const prefixes = { '': 0, '66': 1, F3: 2, F2: 3 } as const

function parse(line: string): Form {
  const [name, operands, code, vex, evex, ...flags] = line.split(/\s+/)
  const [prefix, map, opcode] = code.split('.')
  const [vexW, vexTuple] = vex.split(':')
  const [evexW, tuple = vexTuple] = evex.split(':')
  const width = (text: string) => (text === '-' ? undefined : (Number(text) as 0 | 1))
  const roles = operands.split(',').map(([place, kind]) => ({ place: place as Place, class: kind as Class }))
  const broadcast = /^[fhq]v(\d)$/.exec(tuple ?? '')?.[1]
  return {
    name,
    roles,
    prefix: prefixes[prefix as keyof typeof prefixes],
    map: Number(map) as 1 | 2 | 3 | 5 | 6,
    opcode: Number.parseInt(opcode, 16),
    digit: flags.filter(flag => flag.startsWith('/')).map(flag => Number(flag[1]))[0],
    vexW: width(vexW),
    evexW: width(evexW),
    tuple: tuple as Tuple | undefined,
    isCommutative: flags.includes('c'),
    isScalar: flags.includes('l'),
    isRegisterOnly: flags.includes('r'),
    hasStore: flags.includes('s'),
    takesPredicate: width(evexW) !== undefined && !flags.includes('n'),
    broadcast: broadcast === undefined ? undefined : (Number(broadcast) as 2 | 4 | 8),
    isGather: roles.some(role => role.class === 'W'),
    lengths: flags.filter(flag => /^L\d+$/.test(flag)).map(flag => Number(flag.slice(1))),
    access: accessOf(flags, 'w'),
  }
}

const lines = [...arithmetic, ...comparisons, ...conversions, ...moves, ...masks, ...half]

export const forms = new FormTable<Form>(lines, parse)
