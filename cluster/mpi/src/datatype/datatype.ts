/**
 * Datatypes: what elements of a buffer are, and where they lie. A datatype is a basic kind, or is made of others by one of MPI's
 * constructors (MPI-4.0, chapter 5), which it keeps as its recipe, so that an engine can make its own; what it stands for is a list
 * of runs of bytes.
 */

/** Kinds of basic elements. `object` is a packed value; `byte` goes with every kind. */
export type Kind =
  | 'int8' | 'uint8' | 'int16' | 'uint16' | 'int32' | 'uint32' | 'int64' | 'uint64'
  | 'float16' | 'float32' | 'float64' | 'complex64' | 'complex128'
  | 'bool' | 'byte' | 'packed' | 'object'
  | 'floatInt' | 'doubleInt' | 'longInt' | 'shortInt' | 'twoInt' | 'twoDouble' | 'twoFloat'

/** How a derived datatype was made, by MPI's name of the constructor; displacements and strides of h-forms in bytes. */
export type Recipe =
  | { readonly is: 'basic'; readonly kind: Kind }
  | { readonly is: 'contiguous'; readonly count: number; readonly of: Datatype }
  | { readonly is: 'vector' | 'hvector'; readonly count: number; readonly blockLength: number; readonly stride: number; readonly of: Datatype }
  | { readonly is: 'indexed' | 'hindexed'; readonly blockLengths: readonly number[]; readonly displs: readonly number[]; readonly of: Datatype }
  | { readonly is: 'indexedBlock' | 'hindexedBlock'; readonly blockLength: number; readonly displs: readonly number[]; readonly of: Datatype }
  | { readonly is: 'struct'; readonly blockLengths: readonly number[]; readonly displs: readonly number[]; readonly types: readonly Datatype[] }
  | { readonly is: 'subarray'; readonly sizes: readonly number[]; readonly subsizes: readonly number[]; readonly starts: readonly number[]; readonly order: 'C' | 'F'; readonly of: Datatype }
  | { readonly is: 'darray'; readonly size: number; readonly rank: number; readonly gsizes: readonly number[]; readonly distribs: readonly ('block' | 'cyclic' | 'none')[]; readonly dargs: readonly (number | undefined)[]; readonly psizes: readonly number[]; readonly order: 'C' | 'F'; readonly of: Datatype }
  | { readonly is: 'resized'; readonly lb: number; readonly extent: number; readonly of: Datatype }

export class Datatype {
  readonly recipe: Recipe
  /** Bytes of data in one element. */
  readonly size: number
  /** Bytes from one element to the next. */
  readonly extent: number
  readonly lb: number
  readonly trueLb: number
  readonly trueExtent: number
  /** The kind of all its basic elements, if it is one. */
  readonly kind: Kind | undefined
  /** Basic elements in one element. */
  readonly basics: number
  /** A number of its sequence of kinds, equal for types that may be sent and received as one another; 0: any (`byte`, `packed`). */
  readonly signature: number
  /** One run without gaps, from byte 0, as long as its extent: its elements follow one another. */
  readonly isContiguous: boolean
  /** Of one element, in the order of the type map: from which byte, and how many. Touching ones are joined. */
  readonly offsets: Float64Array
  readonly lengths: Float64Array
  isFree = false
  /** What an engine keeps for it. */
  handle: unknown
}
