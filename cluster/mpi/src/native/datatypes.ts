/** Handles of datatypes: a basic kind's is predefined; a derived one is made from its recipe when it is first used. */

import type { Datatype, Kind } from '../datatype/datatype.ts'
import type { Binding } from './binding.ts'

const ints = (values: readonly number[]): Int32Array => Int32Array.from(values)
/** MPI_Aint is 64 bits wide wherever handles can be pointers. */
export const addresses = (values: readonly number[]): BigInt64Array => BigInt64Array.from(values, BigInt)

/** What an operation of a user gets to know of the elements it is called with. */
export interface ElementKind {
  readonly kind: Kind
  /** Basic elements in one. */
  readonly basics: number
  readonly size: number
}

export class TypeHandles {
  readonly #binding: Binding
  readonly #basic = new Map<Kind, number>()
  readonly #kinds = new Map<number, ElementKind>()
  /** Derived ones, until their datatype is collected. */
  readonly #made = new Set<number>()
  readonly #collected: FinalizationRegistry<number>

  constructor(binding: Binding) {
    this.#binding = binding
    this.#collected = new FinalizationRegistry(handle => this.#free(handle))
  }

  of(type: Datatype): number {
    const { handle } = type
    return typeof handle === 'number' ? handle : this.#make(type)
  }

  basic(kind: Kind): number {
    let handle = this.#basic.get(kind)
    if (handle === undefined) {
      const { library } = this.#binding
      handle = library.resolve(library.family.datatypes[kind])
      this.#basic.set(kind, handle)
    }
    return handle
  }

  /** Notes what elements of a type are, for an operation that will be called with its handle. */
  describe(type: Datatype): number {
    const handle = this.of(type)
    if (type.kind === undefined || !type.isContiguous) {
      this.#binding.notSupported('an operation of a user', 'it is given elements of one kind, without gaps')
    }
    this.#kinds.set(handle, { kind: type.kind, basics: type.basics, size: type.size })
    return handle
  }

  kindOf(handle: number): ElementKind | undefined {
    return this.#kinds.get(handle)
  }

  #make(type: Datatype): number {
    const { recipe } = type
    if (recipe.is === 'basic') {
      const handle = this.basic(recipe.kind)
      type.handle = handle
      return handle
    }
    const binding = this.#binding
    const code = this.#construct(type)
    if (code !== 0) binding.fail(code, recipe.is, { rank: 0, name: 'a datatype' })
    const handle = binding.readHandle()
    const committed = binding.calls.MPI_Type_commit(binding.cell)
    if (committed !== 0) binding.fail(committed, 'commit', { rank: 0, name: 'a datatype' })
    type.handle = handle
    this.#made.add(handle)
    this.#collected.register(type, handle)
    return handle
  }

  /** The constructor of MPI by the recipe's name; the new type is in the cell. */
  #construct({ recipe }: Datatype): number {
    const { calls, cell, family } = this.#binding
    switch (recipe.is) {
      case 'contiguous':
        return calls.MPI_Type_contiguous(recipe.count, this.of(recipe.of), cell)
      case 'vector':
        return calls.MPI_Type_vector(recipe.count, recipe.blockLength, recipe.stride, this.of(recipe.of), cell)
      case 'hvector':
        return calls.MPI_Type_create_hvector(recipe.count, recipe.blockLength, recipe.stride, this.of(recipe.of), cell)
      case 'indexed': {
        const { displs, blockLengths, of } = recipe
        return calls.MPI_Type_indexed(displs.length, ints(blockLengths), ints(displs), this.of(of), cell)
      }
      case 'hindexed': {
        const { displs, blockLengths, of } = recipe
        return calls.MPI_Type_create_hindexed(displs.length, ints(blockLengths), addresses(displs), this.of(of), cell)
      }
      case 'indexedBlock': {
        const { displs, blockLength, of } = recipe
        return calls.MPI_Type_create_indexed_block(displs.length, blockLength, ints(displs), this.of(of), cell)
      }
      case 'hindexedBlock': {
        const { displs, blockLength, of } = recipe
        return calls.MPI_Type_create_hindexed_block(displs.length, blockLength, addresses(displs), this.of(of), cell)
      }
      case 'struct': {
        const handles = this.#binding.handleArray(recipe.types.map(type => this.of(type)))
        const { displs, blockLengths } = recipe
        return calls.MPI_Type_create_struct(displs.length, ints(blockLengths), addresses(displs), handles, cell)
      }
      case 'subarray': {
        const { sizes, subsizes, starts, of } = recipe
        const order = family.orders[recipe.order]
        const handle = this.of(of)
        return calls.MPI_Type_create_subarray(
          sizes.length,
          ints(sizes),
          ints(subsizes),
          ints(starts),
          order,
          handle,
          cell,
        )
      }
      case 'darray': {
        const { size, rank, gsizes, psizes, of } = recipe
        const distributions = ints(recipe.distribs.map(name => family.distributions[name]))
        const dargs = ints(recipe.dargs.map(value => value ?? family.defaultArgument))
        const order = family.orders[recipe.order]
        const dims = gsizes.length
        const handle = this.of(of)
        return calls.MPI_Type_create_darray(
          ...([size, rank, dims, ints(gsizes), distributions, dargs, ints(psizes), order, handle, cell] as const),
        )
      }
      case 'resized':
        return calls.MPI_Type_create_resized(this.of(recipe.of), recipe.lb, recipe.extent, cell)
      case 'basic':
        throw new TypeError('a basic datatype is predefined')
    }
  }

  #free(handle: number): void {
    // Freed already, before MPI was finalized.
    if (!this.#made.delete(handle)) return
    this.#kinds.delete(handle)
    this.#binding.calls.MPI_Type_free(this.#binding.handleArray([handle]))
  }

  freeAll(): void {
    for (const handle of this.#made) this.#free(handle)
  }
}
