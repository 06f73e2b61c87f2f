/** Handles of datatypes: a basic kind's is predefined; a derived one is made from its recipe when it is first used. */

import type { Datatype, Kind } from '../datatype/datatype.ts'
import { kinds } from '../datatype/kinds.ts'
import { MpiError } from '../errors.ts'
import type { Binding } from './binding.ts'

const mostInt = 2 ** 31 - 1

/** @throws MpiError of a number that the library has no room for */
const int = (value: number): number => {
  if (Math.abs(value) <= mostInt) return value
  const problem = `the library counts and displaces elements by ints, up to ${mostInt}, and it has ${value}. Use a constructor of bytes (hvector, hindexed), or a longer type within`
  throw new MpiError('MPI_ERR_COUNT', { call: 'commit', rank: 0, comm: 'a datatype' }, problem)
}

const ints = (values: readonly number[]): Int32Array => Int32Array.from(values, int)
/** MPI_Aint is 64 bits wide wherever handles can be pointers. */
export const addresses = (values: readonly number[]): BigInt64Array => BigInt64Array.from(values, BigInt)

export class TypeHandles {
  readonly #binding: Binding
  readonly #basic = new Map<Kind, number>()
  /** Of a type: lower bound and extent. */
  readonly #bounds = new BigInt64Array(2)
  readonly #announced = new Map<number, WeakRef<Datatype>>()
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
    if (handle === undefined) this.#basic.set(kind, (handle = this.#predefined(kind)))
    return handle
  }

  #predefined(kind: Kind): number {
    const { library, calls, cell } = this.#binding
    const predefined = library.family.datatypes[kind]
    if (predefined !== undefined) return library.resolve(predefined)
    return this.#commit(calls.MPI_Type_contiguous(kinds[kind].size, this.basic('byte'), cell), kind)
  }

  /** The library knows its elements as bytes alone. */
  isLacking(type: Datatype): boolean {
    return type.kind !== undefined && this.#binding.family.datatypes[type.kind] === undefined
  }

  /** An operation will be called with the handle of a type, and ask for the type. */
  announce(type: Datatype): void {
    const handle = this.of(type)
    if (this.#announced.get(handle)?.deref() !== type) this.#announced.set(handle, new WeakRef(type))
  }

  announced(handle: number): Datatype {
    const type = this.#announced.get(handle)?.deref()
    if (type === undefined) throw new TypeError('The library asks for an operation on elements of an unknown type.')
    return type
  }

  #make(type: Datatype): number {
    const { recipe } = type
    if (recipe.is === 'basic') {
      const handle = this.basic(recipe.kind)
      type.handle = handle
      return handle
    }
    const handle = this.#commit(this.#construct(type), recipe.is, type)
    type.handle = handle
    this.#collected.register(type, handle)
    return handle
  }

  /** Takes the type that a constructor has written to the cell. */
  #commit(constructed: number, call: string, type?: Datatype): number {
    const binding = this.#binding
    if (constructed !== 0) binding.fail(constructed, call, { rank: 0, name: 'a datatype' })
    if (type !== undefined) this.#bound(type)
    const committed = binding.calls.MPI_Type_commit(binding.cell)
    if (committed !== 0) binding.fail(committed, 'commit', { rank: 0, name: 'a datatype' })
    const handle = binding.readHandle()
    this.#made.add(handle)
    return handle
  }

  /** Gives the type in the cell the bounds that it has here, where the library has others: of padding, of blocks of nothing, of bounds within a struct. */
  #bound({ lb, extent }: Datatype): void {
    const { calls, cell } = this.#binding
    const bounds = this.#bounds
    const constructed = this.#binding.readHandle()
    if (calls.MPI_Type_get_extent(constructed, bounds.subarray(0, 1), bounds.subarray(1)) !== 0) return
    if (Number(bounds[0]) === lb && Number(bounds[1]) === extent) return
    const code = calls.MPI_Type_create_resized(constructed, lb, extent, cell)
    if (code !== 0) this.#binding.fail(code, 'resized', { rank: 0, name: 'a datatype' })
    const resized = this.#binding.readHandle()
    calls.MPI_Type_free(this.#binding.handleArray([constructed]))
    this.#binding.writeHandle(resized)
  }

  /** The constructor of MPI by the recipe's name; the new type is in the cell. */
  #construct({ recipe }: Datatype): number {
    const { calls, cell, family } = this.#binding
    switch (recipe.is) {
      case 'contiguous':
        return calls.MPI_Type_contiguous(int(recipe.count), this.of(recipe.of), cell)
      case 'vector':
      case 'hvector': {
        const { count, blockLength, stride, of } = recipe
        // In bytes: Open MPI 4.1 takes a stride of -1 element for one of 1.
        const bytes = recipe.is === 'vector' ? stride * of.extent : stride
        return calls.MPI_Type_create_hvector(int(count), int(blockLength), bytes, this.of(of), cell)
      }
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
        return calls.MPI_Type_create_indexed_block(displs.length, int(blockLength), ints(displs), this.of(of), cell)
      }
      case 'hindexedBlock': {
        const { displs, blockLength, of } = recipe
        return calls.MPI_Type_create_hindexed_block(
          displs.length,
          int(blockLength),
          addresses(displs),
          this.of(of),
          cell,
        )
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
    this.#announced.delete(handle)
    this.#binding.calls.MPI_Type_free(this.#binding.handleArray([handle]))
  }

  freeAll(): void {
    for (const handle of this.#made) this.#free(handle)
  }
}
