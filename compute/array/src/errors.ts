/** Errors of arrays. */

import { registerError, SkeinError } from '@skein/base'

export const shapeText = (shape: readonly number[]): string => `[${shape.join(', ')}]`

/** Shapes that do not go together, or an axis or index that a shape has not. */
export class ShapeError extends SkeinError {
  static {
    registerError(ShapeError, 'ShapeError')
  }
  declare readonly call: string
  /** Of the operands, in order. */
  declare readonly shapes: readonly (readonly number[])[]

  /** "add: the shapes [2, 3] and [4] cannot be broadcast: axis 1 has 3 elements in the first and 4 in the second." */
  constructor(call: string, problem: string, shapes: readonly (readonly number[])[], advice = '') {
    const told = `${call}: ${problem}`
    super('SKEIN_SHAPE', advice === '' ? told : `${told} ${advice}`, { call, shapes: shapes.map(s => [...s]) })
  }
}

/** Elements of a type with which a function does nothing. */
export class DTypeError extends SkeinError {
  static {
    registerError(DTypeError, 'DTypeError')
  }
  declare readonly call: string
  declare readonly dtypes: readonly string[]

  /** "bitwiseAnd: takes integers and booleans, not float64. Convert with astype." */
  constructor(call: string, expected: string, dtypes: readonly string[], advice = 'Convert with astype.') {
    const found = dtypes.join(' and ')
    super('SKEIN_DTYPE', `${call}: takes ${expected}, not ${found}. ${advice}`, { call, dtypes: [...dtypes] })
  }
}

/** A matrix with which a computation cannot be done: singular, not positive definite; or iterations that did not end. */
export class LinearAlgebraError extends SkeinError {
  static {
    registerError(LinearAlgebraError, 'LinearAlgebraError')
  }
  declare readonly call: string
  /** Where it was found: the number of a row or column, −1 if there is none. */
  declare readonly at: number

  /** "solve: the matrix is singular: there is no pivot in column 2." */
  constructor(call: string, problem: string, at = -1, advice = '') {
    super('SKEIN_LINEAR_ALGEBRA', `${call}: ${problem}${advice === '' ? '' : ` ${advice}`}`, { call, at })
  }
}

/** Elements of an array were asked for after `release`, of it or of an array that shares them. */
export class ReleasedArrayError extends SkeinError {
  static {
    registerError(ReleasedArrayError, 'ReleasedArrayError')
  }

  constructor(how: 'released' | 'transferred' = 'released') {
    super(
      'SKEIN_RELEASED_ARRAY',
      how === 'transferred'
        ? 'An array was read after the buffer of its typed array had been transferred to somebody else. Make a copy before (nd.copy), or do not name the buffer in a list of what is transferred.'
        : 'An array was read after its elements had been released. Release it after its last use and that of its views (nd.copy makes an array of its own), or leave it to the garbage collector.',
      {},
    )
  }
}

/** Elements that a typed array of somebody else shares were to be changed while threads compute with them. */
export class ArrayInUseError extends SkeinError {
  static {
    registerError(ArrayInUseError, 'ArrayInUseError')
  }

  constructor() {
    super(
      'SKEIN_ARRAY_IN_USE',
      'An array was to be changed while an evaluation that has begun (values, evalAsync) reads it, and its elements are shared with a typed array or another thread, so that they cannot be set aside. Await the evaluation first, or compute from a copy (nd.copy).',
      {},
    )
  }
}

/** A file, or bytes or text of one, that is not what it should be: cut off, of another format, with elements that no array has. */
export class ArrayFileError extends SkeinError {
  static {
    registerError(ArrayFileError, 'ArrayFileError')
  }
  declare readonly call: string
  /** Its path, or what stands for it. */
  declare readonly file: string
  declare readonly expected: string
  declare readonly found: string

  /** "load: x.npy cannot be read: expected 80 bytes of elements, for float64 [10], found 12. It has been cut off." */
  constructor(call: string, file: string, expected: string, found: string, advice = '', options?: ErrorOptions) {
    const told = `${call}: ${file} cannot be read: expected ${expected}, found ${found}.`
    super('SKEIN_ARRAY_FILE', advice === '' ? told : `${told} ${advice}`, { call, file, expected, found }, options)
  }
}
