/**
 * Handles of operations: MPI's are predefined; a user's becomes one by a callback, which the library calls with two runs of elements,
 * the second of which takes the result: inout = in op inout. So do MPI's own on kinds of elements that the library does not know.
 */

import type { Datatype } from '../datatype/datatype.ts'
import type { Op } from '../op.ts'
import { reduceInto } from '../reduce/reduce.ts'
import type { Binding } from './binding.ts'
import type { TypeHandles } from './datatypes.ts'

export class OpHandles {
  readonly #binding: Binding
  readonly #types: TypeHandles
  /** Those with callbacks, until their operation is collected. */
  readonly #made = new Map<number, bigint>()
  /** MPI's, on kinds the library lacks. */
  readonly #onLacking = new Map<Op, number>()
  readonly #collected: FinalizationRegistry<number>
  #signature: ReturnType<Binding['library']['koffi']['pointer']> | undefined

  constructor(binding: Binding, types: TypeHandles) {
    this.#binding = binding
    this.#types = types
    this.#collected = new FinalizationRegistry(handle => this.#free(handle))
  }

  /** The handle by which elements of a type are combined. */
  of(op: Op, type: Datatype): number {
    if (op.name !== 'user' && !this.#types.isLacking(type)) {
      const { library, family } = this.#binding
      if (typeof op.handle !== 'number') op.handle = library.resolve(family.ops[op.name])
      return op.handle as number
    }
    this.#types.announce(type)
    if (op.name === 'user') {
      if (typeof op.handle !== 'number') op.handle = this.#make(op)
      return op.handle as number
    }
    let handle = this.#onLacking.get(op)
    if (handle === undefined) this.#onLacking.set(op, (handle = this.#make(op)))
    return handle
  }

  #make(op: Op): number {
    const binding = this.#binding
    const { koffi } = binding.library
    if (binding.block) binding.block.callsBack = true
    this.#signature ??= koffi.pointer(koffi.proto('void', ['void *', 'void *', 'void *', 'void *']))
    // The callback lives until the operation is collected, which must not wait for the callback.
    const weak = new WeakRef(op)
    const callback = koffi.register((input: bigint, inout: bigint, length: bigint, datatype: bigint) => {
      // After the first error the result is lost anyway.
      if (binding.hasThrown) return
      try {
        const type = this.#types.announced(binding.decodeHandle(datatype))
        const count = koffi.decode.int(length)
        reduceInto(weak.deref()!, type, this.#view(input, count, type), this.#view(inout, count, type), count)
      } catch (error) {
        binding.thrown = error
        binding.hasThrown = true
      }
    }, this.#signature)
    const code = binding.calls.MPI_Op_create(callback, op.isCommutative ? 1 : 0, binding.cell)
    if (code !== 0) binding.fail(code, 'op', { rank: 0, name: 'an operation' })
    const handle = binding.readHandle()
    this.#made.set(handle, callback)
    this.#collected.register(op, handle)
    return handle
  }

  /** Elements in the library's memory, good until the callback returns. */
  #view(address: bigint, count: number, { trueLb, trueExtent, extent }: Datatype): Uint8Array {
    const bytes = Math.max(0, (count - 1) * extent + trueLb + trueExtent)
    return new Uint8Array(this.#binding.library.koffi.view(address, bytes))
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
}
