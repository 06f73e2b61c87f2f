/**
 * Loops of MPI's ops over elements in Skein's heap, in vectors: WebAssembly that imports the heap's memory, one small module for each
 * op, kind and number of operands, made when it is first asked for. The rest of less than a block is for the loops of `loops.ts`,
 * whose bits these give.
 */

import { heap } from '@skein/heap'
import type { Kind } from '../datatype/datatype.ts'
import { kinds } from '../datatype/kinds.ts'
import type { OpName } from '../op.ts'
import { kept } from './kept.ts'

/** Addresses: of the result, of its end, and of the operands. The length is a positive number of blocks. */
export type VectorLoop = (out: number, end: number, ...operands: number[]) => void

/** Bytes that one turn takes of each operand: four vectors. */
export const blockBytes = 64

// ---- opcodes ---------------------------------------------------------------------------------------------------

const leb = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)])
const simd = (opcode: number): number[] => [0xfd, ...leb(opcode)]

const [and, or, xor, bitselect] = [0x4e, 0x50, 0x51, 0x52].map(simd)

/** Of a shape of vector; absent: there is no such instruction. */
interface Shape {
  readonly ne?: number
  readonly sum: number
  readonly prod?: number
  /** Signed and unsigned; of floats one. */
  readonly max?: readonly number[]
  readonly min?: readonly number[]
  readonly gt?: number
}

const shapes: Readonly<Record<string, Shape>> = {
  i8: { ne: 0x24, sum: 0x6e, max: [0x78, 0x79], min: [0x76, 0x77] },
  i16: { ne: 0x2e, sum: 0x8e, prod: 0x95, max: [0x98, 0x99], min: [0x96, 0x97] },
  i32: { ne: 0x38, sum: 0xae, prod: 0xb5, max: [0xb8, 0xb9], min: [0xb6, 0xb7] },
  i64: { ne: 0xd7, sum: 0xce, prod: 0xd5, gt: 0xd9 },
  f32: { sum: 0xe4, prod: 0xe6, max: [0xe9], min: [0xe8] },
  f64: { sum: 0xf0, prod: 0xf2, max: [0xf5], min: [0xf4] },
}

/** Numbers of `bytes` bytes each in a vector, all the same. */
const constant = (bytes: number, number: readonly number[]): number[] => [
  ...simd(0x0c),
  ...Array.from({ length: 16 }, (_, i) => number[i % bytes] ?? 0),
]

/** What becomes of each operand, of two of them, and of the result; undefined: vectors have no instructions for it. */
interface Steps {
  readonly each?: readonly number[]
  readonly both: readonly number[]
  readonly last?: readonly number[]
}

/** @param spare the first of two locals of a vector each */
const stepsOf = (op: OpName, kind: Kind, spare: number): Steps | undefined => {
  const bits = { band: and, bor: or, bxor: xor }[op as string]
  if (bits !== undefined) return { both: bits }
  const { size, lanes } = kinds[kind]
  const isFloat = kind.startsWith('float') || lanes === 2
  if (kind === 'float16' || (lanes === 2 && op !== 'sum')) return undefined
  const bytes = size / lanes
  const shape = shapes[`${isFloat ? 'f' : 'i'}${bytes * 8}`]
  const isUnsigned = kind.startsWith('uint')
  const logical = { land: and, lor: or, lxor: xor }[op as string]
  // All ones for true, until the end.
  if (logical !== undefined)
    return {
      each: [...constant(bytes, [0]), ...simd(shape.ne!)],
      both: logical,
      last: [...constant(bytes, [1]), ...and],
    }
  if (op !== 'max' && op !== 'min') {
    const opcode = shape[op as 'sum' | 'prod']
    return opcode === undefined ? undefined : { both: simd(opcode) }
  }
  const choices = shape[op]
  if (choices !== undefined) return { both: simd(choices[isUnsigned ? 1 : 0]) }
  // Of 64 bits there is signed comparison alone; unsigned numbers are compared with their first bits turned.
  const turn = isUnsigned ? [...constant(8, [0, 0, 0, 0, 0, 0, 0, 0x80]), ...xor] : []
  const [x, y] = [
    [0x20, spare],
    [0x20, spare + 1],
  ]
  const [first, second] = op === 'max' ? [x, y] : [y, x]
  return {
    both: [0x21, spare + 1, 0x22, spare, ...y, ...first, ...turn, ...second, ...turn, ...simd(shape.gt!), ...bitselect],
  }
}

// ---- modules ---------------------------------------------------------------------------------------------------

const sized = (bytes: readonly number[]): number[] => [...leb(bytes.length), ...bytes]
const section = (id: number, ...bytes: number[]): number[] => [id, ...sized(bytes)]
const name = (text: string): number[] => sized([...text].map(c => c.charCodeAt(0)))

/**
 * `do { out[0..64] = a[0..64] op b[0..64] op …; out += 64; a += 64; … } while (out != end)`. Addresses come as float64, which costs less
 * than the bigints that 64-bit ones would be, and are kept in locals.
 */
const moduleOf = (steps: Steps, operands: number, memory64: boolean): Uint8Array<ArrayBuffer> => {
  const parameters = operands + 2
  const pointer = memory64 ? 0x7e : 0x7f
  const [toPointer, add, differ, constantOf] = memory64 ? [0xb1, 0x7c, 0x52, 0x42] : [0xab, 0x6a, 0x47, 0x41]
  const local = (parameter: number): number => parameters + parameter
  const load = (operand: number, offset: number): number[] => [
    ...[0x20, local(operand + 2), ...simd(0x00), 0, offset],
    ...(steps.each ?? []),
  ]
  const body: number[] = []
  for (let p = 0; p < parameters; p++) body.push(0x20, p, toPointer, 0x21, local(p))
  body.push(0x03, 0x40)
  for (let offset = 0; offset < blockBytes; offset += 16) {
    body.push(0x20, local(0), ...load(0, offset))
    for (let k = 1; k < operands; k++) body.push(...load(k, offset), ...steps.both)
    body.push(...(steps.last ?? []), ...simd(0x0b), 0, offset)
  }
  // 64 takes two bytes as a signed number.
  for (let p = 0; p < parameters; p++)
    if (p !== 1) body.push(0x20, local(p), constantOf, 0xc0, 0x00, add, 0x21, local(p))
  body.push(0x20, local(0), 0x20, local(1), differ, 0x0d, 0, 0x0b, 0x0b)
  const locals = [2, ...leb(parameters), pointer, 2, 0x7b]
  const limits = memory64 ? [0x07, 0, ...leb(2 ** 18)] : [0x03, 0, ...leb(2 ** 16)]
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, 1, 0x60, ...leb(parameters), ...new Array(parameters).fill(0x7c), 0),
    ...section(2, 1, ...name('m'), ...name('m'), 0x02, ...limits),
    ...section(3, 1, 0),
    ...section(7, 1, ...name('f'), 0, 0),
    ...section(10, 1, ...sized([...locals, ...body])),
  ])
}

/** Of more the numbers of locals would take two bytes. */
const mostOperands = 32

const makeLoop = (op: OpName, kind: Kind, operands: number): VectorLoop | null => {
  // Parameters, a pointer for each, and then the spare locals.
  const steps = operands > mostOperands ? undefined : stepsOf(op, kind, 2 * (operands + 2))
  if (steps === undefined) return null
  const module = new WebAssembly.Module(moduleOf(steps, operands, heap.memory64))
  const { exports } = new WebAssembly.Instance(module, { m: { m: heap.memory } })
  return exports.f as VectorLoop
}

/** Null where vectors have no instructions for it. */
export const vectorLoopOf = kept(makeLoop)
