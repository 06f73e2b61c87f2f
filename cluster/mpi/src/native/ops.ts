/**
 * Handles of operations: MPI's are predefined; a user's function becomes one by a callback, which the library calls with two runs of
 * elements, the second of which takes the result: inout = in op inout.
 */

import type { Datatype, Kind } from '../datatype/datatype.ts'
import type { Op } from '../op.ts'
import type { Binding } from './binding.ts'
import type { ElementKind, TypeHandles } from './datatypes.ts'

type Elements = { [index: number]: number | bigint; readonly length: number }
type ElementsOf = new (buffer: ArrayBuffer) => Elements

const arrays = (): { readonly [kind in Kind]?: ElementsOf } => ({
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array as unknown as ElementsOf,
  uint64: BigUint64Array as unknown as ElementsOf,
  // Since Node 24.
  float16: (globalThis as { Float16Array?: ElementsOf }).Float16Array,
  float32: Float32Array,
  float64: Float64Array,
  complex64: Float32Array,
  complex128: Float64Array,
  bool: Uint8Array,
  byte: Uint8Array,
})

export class OpHandles {
  readonly #binding: Binding
  readonly #types: TypeHandles
  /** Those of users, with their callbacks, until their operation is collected. */
  readonly #made = new Map<number, bigint>()
  readonly #collected: FinalizationRegistry<number>
  readonly #arrays = arrays()
  #signature: ReturnType<Binding['library']['koffi']['pointer']> | undefined

  constructor(binding: Binding, types: TypeHandles) {
    this.#binding = binding
    this.#types = types
    this.#collected = new FinalizationRegistry(handle => this.#free(handle))
  }

  /** The handle by which elements of a type are combined. */
  of(op: Op, type: Datatype): number {
    if (op.name === 'user') {
      this.#types.describe(type)
      return typeof op.handle === 'number' ? op.handle : this.#make(op)
    }
    if (type.kind === 'float16') {
      this.#binding.notSupported(`${op.name} of float16`, 'MPI has no such type; give an operation of your own')
    }
    if (typeof op.handle !== 'number') op.handle = this.#binding.library.resolve(this.#binding.family.ops[op.name])
    return op.handle as number
  }

  #make(op: Op): number {
    const binding = this.#binding
    const { koffi } = binding.library
    const { family } = binding
    this.#signature ??= koffi.pointer(koffi.proto('void', ['void *', 'void *', 'void *', 'void *']))
    const { combine, combineArrays } = op
    const callback = koffi.register((input: bigint, inout: bigint, length: bigint, datatype: bigint) => {
      // A reduction that failed once is not worth calling the user again.
      if (binding.hasThrown) return
      try {
        const handle = family.handle === 'int' ? koffi.decode.int(datatype) : Number(koffi.decode(datatype, 'intptr_t'))
        const elements = this.#types.kindOf(handle)
        if (!elements) throw new TypeError('The library asks for an operation on elements of an unknown type.')
        const a = this.#view(input, koffi.decode.int(length), elements)
        const b = this.#view(inout, koffi.decode.int(length), elements)
        if (combineArrays) combineArrays(a, b)
        else for (let i = 0; i < b.length; i++) b[i] = combine!(a[i], b[i]) as number
      } catch (error) {
        binding.thrown = error
        binding.hasThrown = true
      }
    }, this.#signature)
    const code = binding.calls.MPI_Op_create(callback, op.isCommutative ? 1 : 0, binding.cell)
    if (code !== 0) binding.fail(code, 'op', { rank: 0, name: 'an operation' })
    const handle = binding.readHandle()
    op.handle = handle
    this.#made.set(handle, callback)
    this.#collected.register(op, handle)
    return handle
  }

  #free(handle: number): void {
    const callback = this.#made.get(handle)
    // Freed already, before MPI was finalized.
    if (callback === undefined) return
    this.#made.delete(handle)
    this.#binding.calls.MPI_Op_free(this.#binding.handleArray([handle]))
    this.#binding.library.koffi.unregister(callback)
  }

  freeAll(): void {
    for (const handle of this.#made.keys()) this.#free(handle)
  }

  /** Elements in the library's memory, good until the callback returns. */
  #view(address: bigint, count: number, { kind, size }: ElementKind): Elements {
    const ArrayOf = this.#arrays[kind]
    if (!ArrayOf) throw new TypeError(`An operation of a user cannot have elements of ${kind}.`)
    return new ArrayOf(this.#binding.library.koffi.view(address, count * size))
  }
}
