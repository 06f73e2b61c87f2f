/**
 * A matrix times a vector, either way round: M goes by once, and nothing of it is packed. x, packed, and sums lie in the thread's own memory. Sums run over k in order, as those of tiles do.
 *
 *     lines(args, begin, end, thread)     blocks of M's lines, product by product. Of operands A is M, its rows M's lines and its columns the steps along k; B's rows are x's, C's rows are the sums'
 */

import type { FunctionBuilder, ModuleBuilder } from '../encode/index.ts'
import { words } from '../lanes.ts'
import * as L from './layout.ts'
import { addProduct } from './tile.ts'

/** Steps along k whose x is packed at once. */
const depth = 2048
/** Lines of a block, at most. */
export const mostLines = 4096
/** Lines that are read side by side where their elements are; steps that are added at once where those of lines are. */
const together = 8

interface Making {
  readonly module: ModuleBuilder
  readonly format: L.Format
  readonly fused: boolean
  readonly own: number
}

export function addVectorProduct(making: Making, panel: number): void {
  const { module, format } = making
  const { realBytes, lanes } = format
  const { addressType } = module
  const add = `${addressType}.add`
  const real = realBytes === 4 ? 'f32' : 'f64'
  const [xAt, yAt] = [panel, panel + depth * realBytes]
  const rest = addRest(making)
  const across = [together, lanes].map(count => ({ count, code: addAcross(making, count) }))
  const along = [together, 1].map(count => ({ count, code: addAlong(making, count) }))

  const f = module.addFunction('lines', [addressType, 'i32', 'i32', 'i32'], ['i32'], { export: 'lines' })
  const [args, number, end] = [0, 1, 2]
  const local = () => f.local('i32')
  const word = (offset: number) => f.get(args).load('i32.load', offset)
  const address = (offset: number) => f.get(args).load(`${addressType}.load`, offset)
  const wide = (count: number) => {
    f.get(count)
    if (addressType === 'i64') f.op('i64.extend_i32_s')
  }
  const [product, first, lines, done, steps, x, y, i, j] = Array.from({ length: 9 }, local)
  const [from, to, source, line, step] = Array.from({ length: 5 }, () => f.local(addressType))
  /** The address of an operand's element: of this product, and so many strides further. */
  const place = (operand: number, count?: number, stride = L.ROW) => {
    address(operand)
    wide(product)
    address(operand + L.PRODUCT)
      .op(`${addressType}.mul`)
      .op(add)
    if (count === undefined) return
    wide(count)
    address(operand + stride)
      .op(`${addressType}.mul`)
      .op(add)
  }
  const each = (at: number, limit: () => void, does: () => void) => {
    const out = f.block()
    const round = f.loop()
    f.get(at)
    limit()
    f.op('i32.ge_s').brIf(out)
    does()
    f.br(round)
    f.end()
    f.end()
  }
  const least = (to: number, most: () => unknown) => {
    f.get(to)
    most()
    f.get(to)
    most()
    f.op('i32.lt_s').select().set(to)
  }
  const move = (pointer: number, by: () => unknown) => {
    f.get(pointer)
    by()
    f.op(add).set(pointer)
  }
  /** An element for each of so many, `y` and `to` on the way. */
  const eachLine = (does: () => unknown) => {
    f.i32(yAt).set(y)
    f.i32(0).set(j)
    each(
      j,
      () => f.get(lines),
      () => {
        does()
        f.get(y).i32(realBytes).op('i32.add').set(y)
        f.get(j).i32(1).op('i32.add').set(j)
      },
    )
  }

  address(L.A + L.ROW).set(line)
  address(L.A + L.COLUMN).set(step)
  each(
    number,
    () => f.get(end),
    () => {
      f.get(number)
      word(L.ROW_BLOCKS).op('i32.div_u').set(product)
      f.get(number)
      word(L.ROW_BLOCKS).op('i32.rem_u')
      word(L.BLOCK_ROWS).op('i32.mul').set(first)
      word(L.M).get(first).op('i32.sub').set(lines)
      least(lines, () => word(L.BLOCK_ROWS))

      place(L.FROM, first)
      f.set(to)
      eachLine(() => {
        f.get(y)
        word(L.BEGINS).if(real)
        f.get(to).load(`${real}.load`)
        f.else()
        f.op(`${real}.const`, 0)
        f.end()
        f.own(making.own, `${real}.store`)
        move(to, () => address(L.FROM + L.ROW))
      })

      f.i32(0).set(done)
      each(
        done,
        () => word(L.K),
        () => {
          word(L.K).get(done).op('i32.sub').set(steps)
          least(steps, () => f.i32(depth))
          place(L.B, done)
          f.set(source)
          f.i32(xAt).set(x)
          f.i32(0).set(i)
          each(
            i,
            () => f.get(steps),
            () => {
              f.get(x).get(source).load(`${real}.load`).own(making.own, `${real}.store`)
              f.get(x).i32(realBytes).op('i32.add').set(x)
              move(source, () => address(L.B + L.ROW))
              f.get(i).i32(1).op('i32.add').set(i)
            },
          )
          place(L.A, first)
          wide(done)
          f.get(step).op(`${addressType}.mul`).op(add).set(from)

          // How far lines, i, and steps, j, have been done whole.
          f.i32(0).set(i)
          f.i32(0).set(j)
          f.get(step).addr(realBytes).op(`${addressType}.eq`).if()
          f.get(steps).i32(-lanes).op('i32.and').set(j)
          for (const { count, code } of across)
            each(
              i,
              () =>
                f
                  .get(lines)
                  .i32(count - 1)
                  .op('i32.sub'),
              () => {
                f.get(from)
                wide(i)
                f.get(line).op(`${addressType}.mul`).op(add).get(line).get(j).i32(xAt)
                f.get(i).i32(realBytes).op('i32.mul').i32(yAt).op('i32.add').call(code)
                f.get(i).i32(count).op('i32.add').set(i)
              },
            )
          f.else()
          f.get(line).addr(realBytes).op(`${addressType}.eq`).if()
          f.get(lines).i32(-lanes).op('i32.and').set(i)
          for (const { count, code } of along)
            each(
              j,
              () =>
                f
                  .get(steps)
                  .i32(count - 1)
                  .op('i32.sub'),
              () => {
                f.get(from)
                wide(j)
                f.get(step).op(`${addressType}.mul`).op(add).get(step).get(i)
                f.get(j).i32(realBytes).op('i32.mul').i32(xAt).op('i32.add').i32(yAt).call(code)
                f.get(j).i32(count).op('i32.add').set(j)
              },
            )
          f.end()
          f.end()

          // Of whole lines the steps that are left, then of the other lines all.
          f.get(from)
          wide(j)
          f.get(step).op(`${addressType}.mul`).op(add).get(line).get(step).get(i)
          f.get(steps).get(j).op('i32.sub')
          f.get(j).i32(realBytes).op('i32.mul').i32(xAt).op('i32.add').i32(yAt).call(rest)
          f.get(from)
          wide(i)
          f.get(line).op(`${addressType}.mul`).op(add).get(line).get(step)
          f.get(lines).get(i).op('i32.sub').get(steps).i32(xAt)
          f.get(i).i32(realBytes).op('i32.mul').i32(yAt).op('i32.add').call(rest)
          f.get(done).get(steps).op('i32.add').set(done)
        },
      )

      place(L.C, first)
      f.set(to)
      eachLine(() => {
        f.get(to).get(y).own(making.own, `${real}.load`).store(`${real}.store`)
        move(to, () => address(L.C + L.ROW))
      })
      f.get(number).i32(1).op('i32.add').set(number)
    },
  )
  f.i32(0)
}

/** `rest(from, line, step, lines, steps, x, y)`: one element after the other. */
function addRest({ module, format, fused, own }: Making): FunctionBuilder {
  const { addressType: A } = module
  const { realBytes, lanes } = format
  const f = module.addFunction('rest', [A, A, A, 'i32', 'i32', 'i32', 'i32'], [])
  const [from, line, step, lines, steps, x, y] = [0, 1, 2, 3, 4, 5, 6]
  const [shape, spread] = lanes === 4 ? ['f32x4', 'v128.load32_splat'] : ['f64x2', 'v128.load64_splat']
  const [sum, number, element] = [f.local('v128'), f.local('v128'), f.local('v128')]
  const [left, at] = [f.local('i32'), f.local('i32')]
  const pointer = f.local(A)
  const out = f.block()
  f.get(steps).op('i32.eqz').brIf(out)
  const eachLine = f.loop()
  f.get(lines).i32(1).op('i32.lt_s').brIf(out)
  f.get(y).own(own, spread).set(sum)
  f.get(from).set(pointer)
  f.get(x).set(at)
  f.get(steps).set(left)
  const eachStep = f.loop()
  f.get(at).own(own, spread).set(number)
  f.get(pointer).load(spread).set(element)
  addProduct(f, shape, fused, number, element, sum)
  f.get(at).i32(realBytes).op('i32.add').set(at)
  f.get(pointer).get(step).op(`${A}.add`).set(pointer)
  f.get(left).i32(1).op('i32.sub').tee(left).brIf(eachStep)
  f.end()
  f.get(y).get(sum).laneOp(`${shape}.extract_lane`, 0)
  f.own(own, realBytes === 4 ? 'f32.store' : 'f64.store')
  f.get(y).i32(realBytes).op('i32.add').set(y)
  f.get(from).get(line).op(`${A}.add`).set(from)
  f.get(lines).i32(1).op('i32.sub').set(lines)
  f.br(eachLine)
  f.end()
  f.end()
  return f
}

/** `across(from, line, steps, x, y)`: so many lines whose elements are side by side; vectors of them become vectors of steps. */
function addAcross({ module, format, fused, own }: Making, count: number): FunctionBuilder {
  const { addressType: A } = module
  const { realBytes, lanes } = format
  const f = module.addFunction(`across-${count}`, [A, A, 'i32', 'i32', 'i32'], [])
  const [from, line, steps, x, y] = [0, 1, 2, 3, 4]
  const [shape, spread] = lanes === 4 ? ['f32x4', 'v128.load32_splat'] : ['f64x2', 'v128.load64_splat']
  const sums = Array.from({ length: count / lanes }, () => f.local('v128'))
  const numbers = Array.from({ length: lanes }, () => f.local('v128'))
  const rows = numbers.map(() => f.local('v128'))
  const [low, high, element] = [f.local('v128'), f.local('v128'), f.local('v128')]
  const pointer = f.local(A)
  sums.forEach(
    (sum, i) =>
      void f
        .get(y)
        .own(own, 'v128.load', i * L.vectorBytes)
        .set(sum),
  )
  const out = f.block()
  const round = f.loop()
  f.get(steps).i32(1).op('i32.lt_s').brIf(out)
  numbers.forEach(
    (number, s) =>
      void f
        .get(x)
        .own(own, spread, s * realBytes)
        .set(number),
  )
  f.get(from).set(pointer)
  const shuffled = (a: number, b: number, ...taken: number[]) =>
    f
      .get(a)
      .get(b)
      .shuffle(words(...taken))
  for (const sum of sums) {
    for (const row of rows) {
      f.get(pointer).load('v128.load').set(row)
      f.get(pointer).get(line).op(`${A}.add`).set(pointer)
    }
    const [a, b, c, d] = rows
    const take = (s: number, first: number, second: number, ...taken: number[]) => {
      shuffled(first, second, ...taken).set(element)
      addProduct(f, shape, fused, numbers[s], element, sum)
    }
    if (lanes === 2) {
      take(0, a, b, 0, 1, 4, 5)
      take(1, a, b, 2, 3, 6, 7)
      continue
    }
    for (const half of [0, 2]) {
      shuffled(a, b, half, half + 4, half + 1, half + 5).set(low)
      shuffled(c, d, half, half + 4, half + 1, half + 5).set(high)
      take(half, low, high, 0, 1, 4, 5)
      take(half + 1, low, high, 2, 3, 6, 7)
    }
  }
  f.get(from).addr(L.vectorBytes).op(`${A}.add`).set(from)
  f.get(x).i32(L.vectorBytes).op('i32.add').set(x)
  f.get(steps).i32(lanes).op('i32.sub').set(steps)
  f.br(round)
  f.end()
  f.end()
  sums.forEach(
    (sum, i) =>
      void f
        .get(y)
        .get(sum)
        .own(own, 'v128.store', i * L.vectorBytes),
  )
  return f
}

/** `along(from, step, lines, x, y)`: so many steps of lines, whole vectors of them, that are side by side. */
function addAlong({ module, format, fused, own }: Making, count: number): FunctionBuilder {
  const { addressType: A } = module
  const { realBytes, lanes } = format
  const f = module.addFunction(`along-${count}`, [A, A, 'i32', 'i32', 'i32'], [])
  const [from, step, lines, x, y] = [0, 1, 2, 3, 4]
  const [shape, spread] = lanes === 4 ? ['f32x4', 'v128.load32_splat'] : ['f64x2', 'v128.load64_splat']
  const numbers = Array.from({ length: count }, () => f.local('v128'))
  const [sum, element] = [f.local('v128'), f.local('v128')]
  const pointer = f.local(A)
  numbers.forEach(
    (number, s) =>
      void f
        .get(x)
        .own(own, spread, s * realBytes)
        .set(number),
  )
  const out = f.block()
  const round = f.loop()
  f.get(lines).i32(1).op('i32.lt_s').brIf(out)
  f.get(y).own(own, 'v128.load').set(sum)
  f.get(from).set(pointer)
  for (const number of numbers) {
    f.get(pointer).load('v128.load').set(element)
    addProduct(f, shape, fused, number, element, sum)
    f.get(pointer).get(step).op(`${A}.add`).set(pointer)
  }
  f.get(y).get(sum).own(own, 'v128.store')
  f.get(y).i32(L.vectorBytes).op('i32.add').set(y)
  f.get(from).addr(L.vectorBytes).op(`${A}.add`).set(from)
  f.get(lines).i32(lanes).op('i32.sub').set(lines)
  f.br(round)
  f.end()
  f.end()
  return f
}
