/** Tiles that are not computed in C itself: at its edges, in any strides, and scaled. They lie in the thread's own memory, row behind row. */

import type { FunctionBuilder, ModuleBuilder } from '../encode/index.ts'
import { ALPHA, BETA, type Format, SCALED, stepBytes, tileRows, tileVectors, vectorBytes } from './layout.ts'

/**
 *     gather(from, row, column, rows, columns)     what sums begin with, to the tile's place
 *
 * @param tile the tile's place
 */
export function addGather(module: ModuleBuilder, format: Format, own: number, tile: number): FunctionBuilder {
  const { addressType } = module
  const f = module.addFunction('gather', [addressType, addressType, addressType, 'i32', 'i32'], [])
  const { parts, realBytes } = format
  const type = realBytes === 4 ? 'f32' : 'f64'
  eachElement(f, addressType, format, [0, 1, 2, 3, 4], tile, (place, element) => {
    for (let part = 0; part < parts; part++)
      f.get(place)
        .get(element)
        .load(`${type}.load`, part * realBytes)
        .own(own, `${type}.store`, part * realBytes)
  })
  return f
}

/** `scatter(to, row, column, rows, columns, args)`: the tile to C, scaled as the block of arguments says. */
export function addScatter(module: ModuleBuilder, format: Format, own: number, tile: number): FunctionBuilder {
  const { addressType } = module
  const f = module.addFunction('scatter', [addressType, addressType, addressType, 'i32', 'i32', addressType], [])
  const { parts, realBytes } = format
  const type = realBytes === 4 ? 'f32' : 'f64'
  const args = 5
  const factor = (offset: number) => {
    const local = f.local(type)
    f.get(args).load('f64.load', offset)
    if (type === 'f32') f.op('f32.demote_f64')
    f.set(local)
    return local
  }
  const [alpha, beta] = [ALPHA, BETA].map(at => Array.from({ length: parts }, (_, part) => factor(at + 8 * part)))
  const [sum, old, scaled] = [0, 1, 2].map(() => Array.from({ length: parts }, () => f.local(type)))
  const scale = f.local('i32')
  f.get(args).load('i32.load', SCALED).set(scale)

  /** Each operation is rounded: x·y, or of complex numbers (x.re·y.re − x.im·y.im, x.re·y.im + x.im·y.re). */
  const times = (x: readonly number[], y: readonly number[], to: readonly number[]) => {
    to.forEach((l, part) => {
      f.get(x[0]).get(y[part]).op(`${type}.mul`)
      if (parts === 2)
        f.get(x[1])
          .get(y[1 - part])
          .op(`${type}.mul`)
          .op(part === 0 ? `${type}.sub` : `${type}.add`)
      f.set(l)
    })
  }
  eachElement(f, addressType, format, [0, 1, 2, 3, 4], tile, (place, element) => {
    sum.forEach(
      (l, part) =>
        void f
          .get(place)
          .own(own, `${type}.load`, part * realBytes)
          .set(l),
    )
    f.get(scale).if()
    times(alpha, sum, scaled)
    scaled.forEach((l, part) => void f.get(l).set(sum[part]))
    f.get(scale).i32(2).op('i32.eq').if()
    old.forEach(
      (l, part) =>
        void f
          .get(element)
          .load(`${type}.load`, part * realBytes)
          .set(l),
    )
    times(beta, old, scaled)
    sum.forEach((l, part) => void f.get(l).get(scaled[part]).op(`${type}.add`).set(l))
    f.end()
    f.end()
    sum.forEach(
      (l, part) =>
        void f
          .get(element)
          .get(l)
          .store(`${type}.store`, part * realBytes),
    )
  })
  return f
}

/** The same of a whole tile whose columns lie side by side: `scatter(to, row, args)`. */
export function addScatterWhole(module: ModuleBuilder, format: Format, own: number, tile: number): FunctionBuilder {
  const { addressType } = module
  const f = module.addFunction('scatter-whole', [addressType, addressType, addressType], [])
  const [to, row, args] = [0, 1, 2]
  const { realBytes, parts } = format
  const shape = realBytes === 4 ? 'f32x4' : 'f64x2'
  const factor = (offset: number) => {
    const local = f.local('v128')
    f.get(args).load('f64.load', offset)
    if (realBytes === 4) f.op('f32.demote_f64')
    f.op(`${shape}.splat`).set(local)
    return local
  }
  const [alpha, beta] = [ALPHA, BETA].map(at => Array.from({ length: parts }, (_, part) => factor(at + 8 * part)))
  const readsC = f.local('i32')
  f.get(args).load('i32.load', SCALED).i32(2).op('i32.eq').set(readsC)
  const [sum, old] = [f.local('v128'), f.local('v128')]
  /** Parts exchanged and multiplied by the imaginary part; what is taken off has its sign turned. */
  const pushTimes = (x: readonly number[], y: number) => {
    f.get(x[0]).get(y).op(`${shape}.mul`)
    if (parts === 1) return
    f.get(y).get(y).shuffle(exchanged(realBytes)).get(x[1]).op(`${shape}.mul`)
    f.v128const(signOfReal(realBytes)).op('v128.xor').op(`${shape}.add`)
  }
  const place = f.local('i32')
  f.i32(tile).set(place)
  for (let i = 0; i < tileRows; i++) {
    for (let j = 0; j < tileVectors; j++) {
      f.get(place)
        .own(own, 'v128.load', i * stepBytes + j * vectorBytes)
        .set(sum)
      pushTimes(alpha, sum)
      f.set(sum)
      f.get(readsC).if()
      f.get(to)
        .load('v128.load', j * vectorBytes)
        .set(old)
      f.get(sum)
      pushTimes(beta, old)
      f.op(`${shape}.add`).set(sum)
      f.end()
      f.get(to)
        .get(sum)
        .store('v128.store', j * vectorBytes)
    }
    f.get(to).get(row).op(`${addressType}.add`).set(to)
  }
  return f
}

const exchanged = (realBytes: 4 | 8) => Array.from({ length: 16 }, (_, i) => i ^ realBytes)

const signOfReal = (realBytes: 4 | 8) =>
  Uint8Array.from({ length: 16 }, (_, i) => (i % (2 * realBytes) === realBytes - 1 ? 0x80 : 0))

/** Those of the tile that a matrix has: where one stands in the tile, and where in the matrix. */
function eachElement(
  f: FunctionBuilder,
  addressType: 'i32' | 'i64',
  { elementBytes }: Format,
  [at, row, column, rows, columns]: readonly number[],
  tile: number,
  does: (place: number, element: number) => void,
): void {
  const add = `${addressType}.add`
  const [i, j, place] = [f.local('i32'), f.local('i32'), f.local('i32')]
  const element = f.local(addressType)
  f.i32(0).set(i)
  const eachRow = f.loop()
  f.get(i).i32(stepBytes).op('i32.mul').i32(tile).op('i32.add').set(place)
  f.get(at).set(element)
  f.i32(0).set(j)
  const eachColumn = f.loop()
  does(place, element)
  f.get(place).i32(elementBytes).op('i32.add').set(place)
  f.get(element).get(column).op(add).set(element)
  f.get(j).i32(1).op('i32.add').tee(j).get(columns).op('i32.lt_s').brIf(eachColumn)
  f.end()
  f.get(at).get(row).op(add).set(at)
  f.get(i).i32(1).op('i32.add').tee(i).get(rows).op('i32.lt_s').brIf(eachRow)
  f.end()
}
