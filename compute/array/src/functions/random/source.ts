/** What functions of random numbers are given: where the numbers come from, and parameters of distributions. */

import { ArgumentError } from '@skein/base'
import { type DType, isComplex } from '../../dtypes.ts'
import { DTypeError, ShapeError, shapeText } from '../../errors.ts'
import { NDArray } from '../../ndarray.ts'
import { checkSeed, Stream } from '../../random/stream.ts'
import { type Parameter, type Variate, variateNode } from '../../random/variate.ts'
import { broadcastShapes, checkShape, type Shape } from '../../shape.ts'
import { astype } from '../astype.ts'
import { asarray } from '../creation.ts'
import { elementsOf } from '../placing.ts'
import { broadcastTo } from '../shaping.ts'

/** Where numbers come from: a seed gives the same ones whenever it is named; a generator goes on. Without either the program's own generator goes on. */
export interface Source {
  seed?: number | bigint
  generator?: Stream
}

export type RealType = 'float32' | 'float64'
/** What counts are given as; int32 unless said. */
export type CountType = 'int32' | 'int64' | 'float32' | 'float64'

/** Of floats, float64 unless said. float32 is what float64 would be, rounded. */
export interface FloatOptions<D extends RealType = RealType> extends Source {
  dtype?: D
}
export interface CountOptions<D extends CountType = CountType> extends Source {
  dtype?: D
}

/** A number, or an array that goes with the shape by broadcasting: each element has a parameter of its own. */
export type Numbers = number | NDArray | ArrayBufferView | readonly number[]

let own: Stream | undefined

/** The program's own: its key is of the engine's entropy. */
function ownStream(): Stream {
  if (!own) {
    const [low, high] = crypto.getRandomValues(new Uint32Array(2))
    own = new Stream((BigInt(high) << 32n) | BigInt(low), 'philox')
  }
  return own
}

/** Sets the key of the program's own generator, and begins anew. @throws ArgumentError */
export function seed(value: number | bigint): void {
  own = new Stream(checkSeed(value, 'random.seed'), 'philox')
}

/** @throws ArgumentError */
export function streamOf({ seed: given, generator }: Source, call: string): Stream {
  if (generator !== undefined && !(generator instanceof Stream))
    throw new ArgumentError(call, 'generator', 'an nd.random.Generator', generator)
  if (given === undefined) return generator ?? ownStream()
  if (generator !== undefined) throw new ArgumentError(call, 'seed', 'left out where a generator is given', given)
  return new Stream(checkSeed(given, call), 'philox')
}

/** What a parameter must be. */
export interface Demand {
  readonly is: (x: number) => boolean
  readonly expected: string
}
export const finite: Demand = { is: Number.isFinite, expected: 'a finite number' }
export const atLeast0: Demand = { is: x => x >= 0 && x < Infinity, expected: 'a finite number from 0' }
export const positive: Demand = { is: x => x > 0 && x < Infinity, expected: 'a finite number above 0' }
export const probability: Demand = { is: x => x >= 0 && x <= 1, expected: 'a number from 0 to 1' }

/** A parameter for each element of a shape, or one for all. @throws ArgumentError, DTypeError, ShapeError */
export function parameterOf(given: unknown, shape: Shape, demand: Demand, call: string, name: string): Parameter {
  if (typeof given === 'number') {
    if (!demand.is(given)) throw new ArgumentError(call, name, demand.expected, given)
    return given
  }
  if (!(given instanceof NDArray) && !ArrayBuffer.isView(given) && !Array.isArray(given))
    throw new ArgumentError(call, name, `${demand.expected}, or an array of such`, given)
  const x = asarray(given as NDArray)
  if (isComplex(x.dtype)) throw new DTypeError(call, `real numbers as ${name}`, [x.dtype])
  const all = elementsOf(astype(x, 'float64', { copy: false })) as unknown as Float64Array
  const wrong = all.findIndex(v => !demand.is(v))
  if (wrong >= 0)
    throw new ArgumentError(call, name, `${demand.expected} in each element`, all[wrong], `It is element ${wrong}`)
  if (shapeText(broadcastShapes([x.shape, shape], call)) !== shapeText(shape))
    throw new ShapeError(
      call,
      `${name} of shape ${shapeText(x.shape)} does not fit into ${shapeText(shape)}, the shape that is asked for.`,
      [x.shape, shape],
      'Ask for a shape that it can be broadcast to.',
    )
  const spread = broadcastTo(astype(x, 'float64', { copy: false }), shape)
  // Copied: the array may change before the numbers are made.
  return (elementsOf(spread) as unknown as Float64Array).slice()
}

/** Sees to the dtype. @throws ArgumentError */
export function dtypeAmong<D extends DType>(given: unknown, usual: D, among: readonly D[], call: string): D {
  const dtype = given ?? usual
  if (!among.includes(dtype as D)) throw new ArgumentError(call, 'dtype', `one of ${among.join(', ')}`, dtype)
  return dtype as D
}

export const realTypes: readonly RealType[] = ['float32', 'float64']
export const countTypes: readonly CountType[] = ['int32', 'int64', 'float32', 'float64']

type Asked = readonly [name: string, given: unknown, demand: Demand]

/** An array of a distribution with these parameters. */
export function make<D extends DType>(
  variate: Variate,
  givenShape: number | Shape,
  dtype: D,
  source: Source,
  call: string,
  asked: readonly Asked[],
  more: readonly number[] = [],
): NDArray<D> {
  const shape = checkShape(givenShape, call)
  const parameters = asked.map(([name, given, demand]) => parameterOf(given, shape, demand, call, name))
  return placed(variate, shape, dtype, source, call, [...parameters, ...more])
}

/** The same, of parameters that have been seen to. */
export function placed<D extends DType>(
  variate: Variate,
  shape: Shape,
  dtype: D,
  source: Source,
  call: string,
  parameters: readonly Parameter[],
): NDArray<D> {
  const size = shape.reduce((n, d) => n * d, 1)
  return new NDArray<D>(variateNode(variate, streamOf(source, call).take(size), dtype, shape, parameters))
}
