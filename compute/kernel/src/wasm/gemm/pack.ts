/**
 * Factors as tiles read them, in a thread's own memory: for each step along k what the tile's rows of A, or columns of B, have there, one behind the other. Lines that a matrix has not are zeros.
 *
 *     pack(from, line, step, lines, steps, to)             lines of the matrix lie `line` bytes apart, their elements `step` bytes
 *     pack(from, line, step, lines, steps, to, sign)       complex: imaginary parts times ±1
 */

import type { FunctionBuilder, ModuleBuilder } from '../encode/index.ts'
import { words } from '../lanes.ts'
import { type Format, stepBytes, tileRows, vectorBytes } from './layout.ts'

const [from, line, step, lines, steps, to, sign] = [0, 1, 2, 3, 4, 5, 6]

/** @param width lines of a tile */
export function addPack(module: ModuleBuilder, format: Format, own: number, width: number): FunctionBuilder {
  const { addressType } = module
  const { realBytes, lanes } = format
  const f = module.addFunction(`pack-${width}`, [addressType, addressType, addressType, 'i32', 'i32', 'i32'], [])
  const add = `${addressType}.add`
  const stepWidth = width * realBytes
  const pointers = Array.from({ length: width }, () => f.local(addressType))
  const ifAllAnd = (stride: number) => {
    f.get(stride).addr(realBytes).op(`${addressType}.eq`)
    f.get(lines).i32(width).op('i32.eq').op('i32.and').if()
  }

  // The elements of a line side by side: as many steps as a vector has lanes, the lines of as many exchanged with them.
  ifAllAnd(step)
  f.get(from).set(pointers[0])
  for (let i = 1; i < width; i++)
    f.get(pointers[i - 1])
      .get(line)
      .op(add)
      .set(pointers[i])
  const exchange = addExchange(f, format, own, stepWidth)
  whileSteps(f, lanes, lanes * stepWidth, () => {
    for (let i = 0; i < width; i += lanes) exchange(pointers.slice(i, i + lanes), i * realBytes)
    for (const pointer of pointers) f.get(pointer).addr(vectorBytes).op(add).set(pointer)
  })
  f.get(pointers[0]).set(from)
  f.end()

  // Lines side by side: a step is copied.
  ifAllAnd(line)
  whileSteps(f, 1, stepWidth, () => {
    for (let at = 0; at < stepWidth; at += vectorBytes) {
      const type = stepWidth - at < vectorBytes ? 'f64' : 'v128'
      f.get(to).get(from).load(`${type}.load`, at).own(own, `${type}.store`, at)
    }
    f.get(from).get(step).op(add).set(from)
  })
  f.end()

  // Anything else, and what is left.
  const type = realBytes === 4 ? 'f32' : 'f64'
  const pointer = f.local(addressType)
  whileSteps(f, 1, stepWidth, () => {
    f.get(from).set(pointer)
    for (let i = 0; i < width; i++) {
      f.get(to)
      ifThere(f, i, type, () => f.get(pointer).load(`${type}.load`))
      f.own(own, `${type}.store`, i * realBytes)
      f.get(pointer).get(line).op(add).set(pointer)
    }
    f.get(from).get(step).op(add).set(from)
  })
  return f
}

/** Of A: for each step the real parts of the tile's rows, then the imaginary ones. */
export function addPackComplexRows(module: ModuleBuilder, format: Format, own: number): FunctionBuilder {
  const { realBytes } = format
  const partWidth = tileRows * realBytes
  return addPackComplex(module, 'rows', tileRows, 2 * partWidth, format, (f, type, i, re, im) => {
    f.get(to)
      .get(re)
      .own(own, `${type}.store`, i * realBytes)
    f.get(to)
      .get(im)
      .own(own, `${type}.store`, i * realBytes + partWidth)
  })
}

/** Of B: for each step the tile's columns as they are, re and im, then once more as −im and re. */
export function addPackComplexColumns(module: ModuleBuilder, format: Format, own: number): FunctionBuilder {
  const { realBytes, elementBytes, columns } = format
  return addPackComplex(module, 'columns', columns, 2 * stepBytes, format, (f, type, i, re, im) => {
    const at = i * elementBytes
    f.get(to).get(re).own(own, `${type}.store`, at)
    f.get(to)
      .get(im)
      .own(own, `${type}.store`, at + realBytes)
    f.get(to)
      .get(im)
      .op(`${type}.neg`)
      .own(own, `${type}.store`, at + stepBytes)
    f.get(to)
      .get(re)
      .own(own, `${type}.store`, at + stepBytes + realBytes)
  })
}

function addPackComplex(
  module: ModuleBuilder,
  name: string,
  width: number,
  stepWidth: number,
  { realBytes }: Format,
  put: (f: FunctionBuilder, type: 'f32' | 'f64', i: number, re: number, im: number) => void,
): FunctionBuilder {
  const { addressType } = module
  const type = realBytes === 4 ? 'f32' : 'f64'
  const add = `${addressType}.add`
  const f = module.addFunction(
    `pack-complex-${name}`,
    [addressType, addressType, addressType, 'i32', 'i32', 'i32', type],
    [],
  )
  const pointer = f.local(addressType)
  const [re, im] = [f.local(type), f.local(type)]
  whileSteps(f, 1, stepWidth, () => {
    f.get(from).set(pointer)
    for (let i = 0; i < width; i++) {
      ifThere(f, i, type, () => f.get(pointer).load(`${type}.load`))
      f.set(re)
      ifThere(f, i, type, () => f.get(pointer).load(`${type}.load`, realBytes).get(sign).op(`${type}.mul`))
      f.set(im)
      put(f, type, i, re, im)
      f.get(pointer).get(line).op(add).set(pointer)
    }
    f.get(from).get(step).op(add).set(from)
  })
  return f
}

/** While there are so many steps left. */
function whileSteps(f: FunctionBuilder, count: number, bytes: number, does: () => void): void {
  const done = f.block()
  const round = f.loop()
  f.get(steps).i32(count).op('i32.lt_s').brIf(done)
  does()
  f.get(to).i32(bytes).op('i32.add').set(to)
  f.get(steps).i32(count).op('i32.sub').set(steps)
  f.br(round)
  f.end()
  f.end()
}

/** What line `i` has; 0 if there is none. */
function ifThere(f: FunctionBuilder, i: number, type: 'f32' | 'f64', there: () => unknown): void {
  f.i32(i).get(lines).op('i32.lt_s').if(type)
  there()
  f.else()
  f.op(`${type}.const`, 0)
  f.end()
}

const lowHalves = words(0, 1, 4, 5)
const highHalves = words(2, 3, 6, 7)
const lowPairs = words(0, 4, 1, 5)
const highPairs = words(2, 6, 3, 7)

/** A vector of each of two or four lines, to vectors of each step, `stepWidth` bytes apart from `offset` on. */
function addExchange(f: FunctionBuilder, { lanes }: Format, own: number, stepWidth: number) {
  const vectors = Array.from({ length: 4 }, () => f.local('v128'))
  const shuffle = (x: number, y: number, how: readonly number[]) => f.get(x).get(y).shuffle(how)
  return (pointers: readonly number[], offset: number) => {
    pointers.forEach((pointer, i) => void f.get(pointer).load('v128.load').set(vectors[i]))
    const [x, y, z, w] = vectors
    const put = (step: number, x: number, y: number, how: readonly number[]) => {
      f.get(to)
      shuffle(x, y, how).own(own, 'v128.store', offset + step * stepWidth)
    }
    if (lanes === 2) {
      put(0, x, y, lowHalves)
      put(1, x, y, highHalves)
      return
    }
    // Pairs of a line and the next: steps 0 and 1, then 2 and 3.
    const low = f.local('v128')
    const high = f.local('v128')
    shuffle(x, y, lowPairs).set(low)
    shuffle(x, y, highPairs).set(high)
    if (pointers.length === 2) {
      ;[low, high].forEach((pairs, half) => {
        for (const lane of [0, 1])
          f.get(to)
            .get(pairs)
            .laneOp('f64x2.extract_lane', lane)
            .own(own, 'f64.store', offset + (2 * half + lane) * stepWidth)
      })
    } else {
      shuffle(z, w, lowPairs).set(x)
      shuffle(z, w, highPairs).set(y)
      put(0, low, x, lowHalves)
      put(1, low, x, highHalves)
      put(2, high, y, lowHalves)
      put(3, high, y, highHalves)
    }
    f.release(low).release(high)
  }
}
