/**
 * A tile of C in registers: in each step two vectors of B, and number after number of A's six, spread over a vector. Of complex numbers a step is two: with the real parts of A, then with the imaginary ones, to which
 * B is packed with its parts exchanged.
 */

import type { FunctionBuilder, ModuleBuilder } from '../encode/index.ts'
import { type Format, stepBytes, tileRows, tileVectors, vectorBytes } from './layout.ts'

/** Where a tile lies: in the heap, or in a thread's own memory. */
export type Where = 'heap' | 'own'

/**
 *     tile(a, b, steps, c, row, begins)     the strip of A, the columns of B; C's tile, from row to row of it; whether sums begin with what is there
 *
 * @param own the index of the memory in which factors are packed
 */
export function addTile(module: ModuleBuilder, format: Format, fused: boolean, own: number, where: Where) {
  const at = where === 'heap' ? module.addressType : 'i32'
  const f = module.addFunction(`tile-${where}`, ['i32', 'i32', 'i32', at, at, 'i32'], [])
  const [a, b, steps, c, row, begins] = [0, 1, 2, 3, 4, 5]
  const { realBytes, lanes } = format
  const shape = lanes === 4 ? 'f32x4' : 'f64x2'
  const spread = lanes === 4 ? 'v128.load32_splat' : 'v128.load64_splat'
  const sums = Array.from({ length: tileRows }, () => Array.from({ length: tileVectors }, () => f.local('v128')))
  const vectors = sums[0].map(() => f.local('v128'))
  const number = f.local('v128')
  const line = f.local(at)

  const eachRow = (does: (row: readonly number[]) => void) => {
    f.get(c).set(line)
    sums.forEach((sumsOfRow, i) => {
      if (i > 0) f.get(line).get(row).op(`${at}.add`).set(line)
      does(sumsOfRow)
    })
  }
  const access = (name: string, offset: number) => (where === 'heap' ? f.load(name, offset) : f.own(own, name, offset))
  f.get(begins).if()
  eachRow(s => s.forEach((sum, j) => void (f.get(line), access('v128.load', j * vectorBytes).set(sum))))
  f.end()
  f.get(steps).if()
  const round = f.loop()
  vectors.forEach(
    (vector, j) =>
      void f
        .get(b)
        .own(own, 'v128.load', j * vectorBytes)
        .set(vector),
  )
  sums.forEach((s, i) => {
    f.get(a)
      .own(own, spread, i * realBytes)
      .set(number)
    s.forEach((sum, j) => void addProduct(f, shape, fused, number, vectors[j], sum))
  })
  f.get(a)
    .i32(tileRows * realBytes)
    .op('i32.add')
    .set(a)
  f.get(b).i32(stepBytes).op('i32.add').set(b)
  f.get(steps).i32(1).op('i32.sub').tee(steps).brIf(round)
  f.end()
  f.end()
  eachRow(s => s.forEach((sum, j) => void (f.get(line).get(sum), access('v128.store', j * vectorBytes))))
  return f
}

/** Fused where the processor has an instruction for that: the engine decides, and always alike. */
export function addProduct(f: FunctionBuilder, shape: string, fused: boolean, x: number, y: number, sum: number) {
  if (fused) f.get(x).get(y).get(sum).op(`${shape}.relaxed_madd`)
  else f.get(sum).get(x).get(y).op(`${shape}.mul`).op(`${shape}.add`)
  f.set(sum)
}
