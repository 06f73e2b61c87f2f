/**
 * Datatypes: what elements of a buffer are, and where they lie. A datatype is a basic kind, or is made of others by one of MPI's
 * constructors (MPI-4.0, chapter 5), which it keeps as its recipe, so that an engine can make its own; what it stands for is a list
 * of runs of bytes.
 */

import { ArgumentError } from '@skein/base'
import { contiguous, indexed, indexedBlock, resized, struct, vector } from './derived.ts'
import { type Darray, type Distribution, darray, type Order, subarray } from './grid.ts'
import type { Kind } from './kinds.ts'
import type { Layout } from './layout.ts'

export type { Kind } from './kinds.ts'

/** How a derived datatype was made, by MPI's name of the constructor; displacements and strides of h-forms in bytes. */
export type Recipe =
  | { readonly is: 'basic'; readonly kind: Kind }
  | { readonly is: 'contiguous'; readonly count: number; readonly of: Datatype }
  | {
      readonly is: 'vector' | 'hvector'
      readonly count: number
      readonly blockLength: number
      readonly stride: number
      readonly of: Datatype
    }
  | {
      readonly is: 'indexed' | 'hindexed'
      readonly blockLengths: readonly number[]
      readonly displs: readonly number[]
      readonly of: Datatype
    }
  | {
      readonly is: 'indexedBlock' | 'hindexedBlock'
      readonly blockLength: number
      readonly displs: readonly number[]
      readonly of: Datatype
    }
  | {
      readonly is: 'struct'
      readonly blockLengths: readonly number[]
      readonly displs: readonly number[]
      readonly types: readonly Datatype[]
    }
  | {
      readonly is: 'subarray'
      readonly sizes: readonly number[]
      readonly subsizes: readonly number[]
      readonly starts: readonly number[]
      readonly order: Order
      readonly of: Datatype
    }
  | {
      readonly is: 'darray'
      readonly size: number
      readonly rank: number
      readonly gsizes: readonly number[]
      readonly distribs: readonly Distribution[]
      readonly dargs: readonly (number | undefined)[]
      readonly psizes: readonly number[]
      readonly order: Order
      readonly of: Datatype
    }
  | { readonly is: 'resized'; readonly lb: number; readonly extent: number; readonly of: Datatype }

export class Datatype {
  readonly recipe: Recipe
  readonly layout: Layout
  /** Bytes of data in one element. */
  readonly size: number
  /** Bytes from one element to the next. */
  readonly extent: number
  readonly lb: number
  readonly trueLb: number
  readonly trueExtent: number
  /** The kind of all its basic elements, if it is one. */
  readonly kind: Kind | undefined
  /** Basic elements in one element; a pair of value and index is two. */
  readonly basics: number
  /** A number of its sequence of kinds, equal for types that may be sent and received as one another; 0: any (`byte`, `packed`). */
  readonly signature: number
  /** One run without gaps, from byte 0, as long as its extent: its elements follow one another. */
  readonly isContiguous: boolean
  isFree = false
  /** What an engine keeps for it. */
  handle: unknown

  /** For this room; users have the basic types, and the methods that make others of them. */
  constructor(recipe: Recipe, layout: Layout) {
    this.recipe = recipe
    this.layout = layout
    this.size = layout.size
    this.extent = layout.extent
    this.lb = layout.lb
    this.trueLb = layout.trueLb
    this.trueExtent = layout.trueExtent
    this.kind = layout.kind
    this.basics = layout.basics
    this.signature = layout.root.signature
    this.isContiguous = layout.isContiguous
  }

  /** Of one element, in the order of the type map: from which byte, and how many (`lengths`). Touching ones are joined. */
  get offsets(): Float64Array<ArrayBuffer> {
    return this.layout.runs.offsets
  }

  get lengths(): Float64Array<ArrayBuffer> {
    return this.layout.runs.lengths
  }

  contiguous(count: number): Datatype {
    const of = live(this, 'contiguous')
    return new Datatype({ is: 'contiguous', count, of: this }, contiguous(count, of))
  }

  /** @param stride elements from the begin of one block to that of the next */
  vector(count: number, blockLength: number, stride: number): Datatype {
    const of = live(this, 'vector')
    const layout = vector('vector', count, blockLength, stride, this.extent, of)
    return new Datatype({ is: 'vector', count, blockLength, stride, of: this }, layout)
  }

  /** @param stride bytes from the begin of one block to that of the next */
  hvector(count: number, blockLength: number, stride: number): Datatype {
    const of = live(this, 'hvector')
    const layout = vector('hvector', count, blockLength, stride, 1, of)
    return new Datatype({ is: 'hvector', count, blockLength, stride, of: this }, layout)
  }

  /** @param displs elements from the begin of the buffer */
  indexed(blockLengths: readonly number[], displs: readonly number[]): Datatype {
    const of = live(this, 'indexed')
    const layout = indexed('indexed', blockLengths, displs, this.extent, of)
    return new Datatype({ is: 'indexed', blockLengths: [...blockLengths], displs: [...displs], of: this }, layout)
  }

  /** @param displs bytes from the begin of the buffer */
  hindexed(blockLengths: readonly number[], displs: readonly number[]): Datatype {
    const of = live(this, 'hindexed')
    const layout = indexed('hindexed', blockLengths, displs, 1, of)
    return new Datatype({ is: 'hindexed', blockLengths: [...blockLengths], displs: [...displs], of: this }, layout)
  }

  /** @param displs elements from the begin of the buffer */
  indexedBlock(blockLength: number, displs: readonly number[]): Datatype {
    const of = live(this, 'indexedBlock')
    const layout = indexedBlock('indexedBlock', blockLength, displs, this.extent, of)
    return new Datatype({ is: 'indexedBlock', blockLength, displs: [...displs], of: this }, layout)
  }

  /** @param displs bytes from the begin of the buffer */
  hindexedBlock(blockLength: number, displs: readonly number[]): Datatype {
    const of = live(this, 'hindexedBlock')
    const layout = indexedBlock('hindexedBlock', blockLength, displs, 1, of)
    return new Datatype({ is: 'hindexedBlock', blockLength, displs: [...displs], of: this }, layout)
  }

  /** @param displs bytes from the begin of the buffer */
  static struct(blockLengths: readonly number[], displs: readonly number[], types: readonly Datatype[]): Datatype {
    if (!Array.isArray(types)) throw new ArgumentError('Datatype.struct', 'types', 'a list of datatypes', types)
    const layouts = types.map((type, i) => live(type, 'struct', `types[${i}]`))
    const layout = struct(blockLengths, displs, layouts)
    const lists = { blockLengths: [...blockLengths], displs: [...displs], types: [...types] }
    return new Datatype({ is: 'struct', ...lists }, layout)
  }

  /**
   * A block of an array of `sizes`: `subsizes` of it from `starts` on. It extends over the whole array.
   * @param order 'C': the last index varies fastest; 'F': the first
   */
  subarray(
    sizes: readonly number[],
    subsizes: readonly number[],
    starts: readonly number[],
    order: Order = 'C',
  ): Datatype {
    const of = live(this, 'subarray')
    const layout = subarray(sizes, subsizes, starts, order, of)
    const lists = { sizes: [...sizes], subsizes: [...subsizes], starts: [...starts] }
    return new Datatype({ is: 'subarray', ...lists, order, of: this }, layout)
  }

  /** What one process has of an array that is distributed over a grid of processes, whose ranks are in row-major order. */
  darray({
    size,
    rank,
    gsizes,
    distribs,
    dargs,
    psizes,
    order = 'C',
  }: Omit<Darray, 'order'> & { order?: Order }): Datatype {
    const of = live(this, 'darray')
    const layout = darray({ size, rank, gsizes, distribs, dargs, psizes, order }, of)
    const lists = { gsizes: [...gsizes], distribs: [...distribs], dargs: [...dargs], psizes: [...psizes] }
    return new Datatype({ is: 'darray', size, rank, ...lists, order, of: this }, layout)
  }

  /** The same data, with other bounds: the next element lies `extent` bytes on. Bounds, once set, count in all types made of it. */
  resized(lb: number, extent: number): Datatype {
    const of = live(this, 'resized')
    return new Datatype({ is: 'resized', lb, extent, of: this }, resized(lb, extent, of))
  }

  /** No call takes it from now on. Types made of it and messages under way are not touched. */
  free(): void {
    live(this, 'free')
    if (this.recipe.is === 'basic')
      throw new ArgumentError('Datatype.free', 'the type', 'a derived one', this.recipe.kind)
    this.isFree = true
  }

  /** `vector(3, 2, 4) of float64` */
  toString(): string {
    const { recipe } = this
    switch (recipe.is) {
      case 'basic':
        return recipe.kind
      case 'contiguous':
        return `contiguous(${recipe.count}) of ${recipe.of}`
      case 'vector':
      case 'hvector':
        return `${recipe.is}(${recipe.count}, ${recipe.blockLength}, ${recipe.stride}) of ${recipe.of}`
      case 'struct':
        return `struct of ${recipe.types.length} types`
      case 'subarray':
        return `subarray([${recipe.sizes}], [${recipe.subsizes}], [${recipe.starts}], ${recipe.order}) of ${recipe.of}`
      case 'resized':
        return `resized(${recipe.lb}, ${recipe.extent}) of ${recipe.of}`
      default:
        return `${recipe.is} of ${recipe.of}`
    }
  }
}

/** Its layout, if it is a datatype and was not freed. */
const live = (type: Datatype, call: string, argument = 'the type'): Layout => {
  if (!(type instanceof Datatype)) throw new ArgumentError(`Datatype.${call}`, argument, 'a datatype', type)
  if (type.isFree) throw new ArgumentError(`Datatype.${call}`, argument, 'one that was not freed', String(type))
  return type.layout
}
