/** The typed-array constructors a heap and a scope share: `heap.f32(n)`, `scope.u8([1, 2, 3])`. */

import { ArgumentError } from '@skein/base'

export type TypedArray =
  | Float16Array
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array

/** Any typed array's constructor, as far as the heap uses it. */
export interface TypedArrayClass<T extends TypedArray = TypedArray> {
  readonly BYTES_PER_ELEMENT: number
  readonly name: string
  /** What T is inferred from. */
  readonly prototype: T
  new (buffer: SharedArrayBuffer, byteOffset: number, length: number): object
}

/** A length, or what to copy. */
export type Source<E> = number | ArrayLike<E> | Iterable<E>

export interface ArrayOptions {
  /** Who holds it, for `heap.holders()` and out-of-memory errors. */
  readonly label?: string
  /** False leaves whatever the memory held before: for an array about to be written in full. */
  readonly zero?: boolean
}

/** An array that `using` releases. */
export type HeapArray<T> = T & Disposable

export abstract class ArrayMaker {
  /** Makes an array of any kind: `heap.array(Float32Array, 100)`. */
  abstract array<T extends TypedArray>(
    type: TypedArrayClass<T>,
    source: Source<T[number]>,
    options?: ArrayOptions,
  ): HeapArray<T>

  f64(source: Source<number>, options?: ArrayOptions): HeapArray<Float64Array> {
    return this.array(Float64Array, source, options)
  }

  f32(source: Source<number>, options?: ArrayOptions): HeapArray<Float32Array> {
    return this.array(Float32Array, source, options)
  }

  /** Where the engine has Float16Array (Node 24 and later). */
  f16(source: Source<number>, options?: ArrayOptions): HeapArray<Float16Array> {
    if (typeof Float16Array === 'undefined') {
      throw new ArgumentError('heap.f16', 'the engine', 'one with Float16Array (Node 24 or later)', undefined)
    }
    return this.array(Float16Array, source, options)
  }

  i8(source: Source<number>, options?: ArrayOptions): HeapArray<Int8Array> {
    return this.array(Int8Array, source, options)
  }

  u8(source: Source<number>, options?: ArrayOptions): HeapArray<Uint8Array> {
    return this.array(Uint8Array, source, options)
  }

  u8c(source: Source<number>, options?: ArrayOptions): HeapArray<Uint8ClampedArray> {
    return this.array(Uint8ClampedArray, source, options)
  }

  i16(source: Source<number>, options?: ArrayOptions): HeapArray<Int16Array> {
    return this.array(Int16Array, source, options)
  }

  u16(source: Source<number>, options?: ArrayOptions): HeapArray<Uint16Array> {
    return this.array(Uint16Array, source, options)
  }

  i32(source: Source<number>, options?: ArrayOptions): HeapArray<Int32Array> {
    return this.array(Int32Array, source, options)
  }

  u32(source: Source<number>, options?: ArrayOptions): HeapArray<Uint32Array> {
    return this.array(Uint32Array, source, options)
  }

  i64(source: Source<bigint>, options?: ArrayOptions): HeapArray<BigInt64Array> {
    return this.array(BigInt64Array, source, options)
  }

  u64(source: Source<bigint>, options?: ArrayOptions): HeapArray<BigUint64Array> {
    return this.array(BigUint64Array, source, options)
  }
}
