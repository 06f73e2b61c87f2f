/** Instances of classes that have said what they consist of. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { registerTravel } from '@skein/base'
import { MalformedValueError, pack, UnknownClassError, unpack } from '../src/index.ts'

class Span {
  readonly #from: number
  readonly #data: Float64Array
  constructor(from: number, data: Float64Array) {
    if (!(data instanceof Float64Array)) throw new TypeError('no data')
    this.#from = from
    this.#data = data
  }
  get parts() {
    return { from: this.#from, data: this.#data }
  }
}

registerTravel<Span>(Span, {
  name: 'Span',
  module: 'some/span',
  toData: span => span.parts,
  fromData: ({ from, data }: Span['parts']) => new Span(from, data),
})

const clone = <T>(value: T): T => unpack(Uint8Array.from(pack(value))) as T

describe('instances that travel', () => {
  it('arrive as instances, one for one that is met twice, with data that they share', () => {
    const data = Float64Array.of(1, 2)
    const [a, b] = [new Span(3, data), new Span(4, data)]
    const found = clone({ a, list: [a, b], data })
    assert.ok(found.a instanceof Span && found.a === found.list[0])
    assert.deepEqual(
      found.list.map(span => span.parts.from),
      [3, 4],
    )
    assert.equal(found.a.parts.data, found.data)
    assert.equal(found.list[1].parts.data, found.data)
    assert.notEqual(found.data, data)
  })

  it('are themselves only, and not the classes that extend them', () => {
    class Wider extends Span {
      readonly width = 1
    }
    assert.deepEqual(clone<object>(new Wider(1, new Float64Array(1))), { width: 1 })
  })

  it('say what cannot be sent', () => {
    class Bad {
      readonly held = () => {}
    }
    registerTravel<Bad>(Bad, {
      name: 'Bad',
      module: 'some/bad',
      toData: ({ held }) => ({ held }),
      fromData: () => new Bad(),
    })
    assert.throws(() => pack([new Bad()], 'send', 'value'), {
      name: 'NotCloneableError',
      message: /value\[0\]\.\(Bad\)\.held is the function/,
    })
  })

  it('are refused where their class is not known', () => {
    const bytes = Uint8Array.from(pack(new Span(1, new Float64Array(2))))
    const at = Buffer.from(bytes).indexOf('Span')
    bytes[at] = 'T'.charCodeAt(0)
    assert.throws(() => unpack(bytes), new UnknownClassError('Tpan', 'some/span'))
    assert.match(new UnknownClassError('Tpan', 'some/span').message, /class Tpan, .* Import some\/span there\./)
  })

  it('are refused where the class makes nothing of what arrived', () => {
    const bytes = Uint8Array.from(pack(new Span(1, new Float64Array(2))))
    // The data's name is another, so that it is missing.
    bytes[Buffer.from(bytes).indexOf('data')] = 'e'.charCodeAt(0)
    assert.throws(
      () => unpack(bytes),
      (error: Error) =>
        error instanceof MalformedValueError &&
        /an instance of Span that is none/.test(error.message) &&
        (error.cause as Error).message === 'no data',
    )
  })
})
