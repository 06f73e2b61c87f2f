/** Rows cut into segments, which are numbered row by row: what the functions over two and three dimensions and over blocks run through. */

import * as layout from '../../launch/layout.ts'
import { gpr, type Register } from '../encode/operands.ts'
import type { Code } from '../machine/code.ts'

/** What a run of the body is for: positions `begin` to `end` of a row. */
export interface Segment {
  readonly begin: Register
  readonly end: Register
  /** Of segments that are numbered row by row. */
  readonly number?: Register
  readonly row?: Register
}

/** Code that does something for each segment from `from` to `to`. */
export function eachSegment(
  rows: { readonly code: Code; argument(name: string, offset: number): Register },
  from: Register,
  to: Register,
  emit: (s: Segment) => void,
): void {
  const { code } = rows
  const word = (name: string, offset: number) => rows.argument(name, offset)
  const segments = word('segments', layout.SEGMENTS)
  const segmentLength = word('segment_length', layout.SEGMENTS + 4)
  const rowLength = word('row_length', layout.ROW)
  const [t, row, column] = [code.gpr(32, 't'), code.gpr(32, 'row'), code.gpr(32, 'column')]
  const [begin, end] = [code.gpr(32, 'k0'), code.gpr(32, 'k1')]
  code.general('mov', [t, from])
  const { quotient, remainder } = divide(code, t, segments)
  code.general('mov', [row, quotient])
  code.general('mov', [column, remainder])
  const [next, out] = [code.label(), code.label()]
  code.inLoop(() => {
    code.bind(next)
    code.general('cmp', [t, to])
    code.jump(out, 'ge')
    code.general('mov', [begin, column])
    code.general('imul', [begin, segmentLength])
    code.general('mov', [end, begin])
    code.general('add', [end, segmentLength])
    // The smaller of the segment's end and the row's.
    code.general('cmp', [end, rowLength])
    code.general('cmova', [end, rowLength])
    emit({ number: t, row, begin, end })
    code.general('add', [t, 1])
    code.general('add', [column, 1])
    code.general('cmp', [column, segments])
    code.jump(next, 'ne')
    code.general('xor', [column, column])
    code.general('add', [row, 1])
    code.jump(next)
  })
  code.bind(out)
}

/** Unsigned, of 32 bits. */
export function divide(code: Code, a: Register, b: Register): { quotient: Register; remainder: Register } {
  const [eax, , edx] = gpr[32]
  const [quotient, remainder] = [code.gpr(32), code.gpr(32)]
  code.general('mov', [eax, a])
  code.general('xor', [edx, edx])
  code.general('div', [b])
  code.general('mov', [quotient, eax])
  code.general('mov', [remainder, edx])
  return { quotient, remainder }
}
