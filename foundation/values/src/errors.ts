/** What can go wrong with a value on its way. */

import { registerError, SkeinError } from '@skein/base'

/** A value that must travel cannot be cloned. */
export class NotCloneableError extends SkeinError {
  static {
    registerError(NotCloneableError, 'NotCloneableError')
  }
  declare readonly call: string
  /** From the value that was given down to the part that cannot be cloned: `arguments[0].user.callback`. */
  declare readonly path: string
  declare readonly kind: string
  declare readonly advice: string

  constructor(call: string, path: string, kind: string, advice: string) {
    super('SKEIN_NOT_CLONEABLE', `${call}: ${path} is ${kind}, which cannot be sent. ${advice}`, {
      call,
      path,
      kind,
      advice,
    })
  }
}

/** A value is of a class that is not known on the thread where it arrived. */
export class UnknownClassError extends SkeinError {
  static {
    registerError(UnknownClassError, 'UnknownClassError')
  }
  declare readonly class: string
  declare readonly module: string

  /** "A value is of the class NDArray, which is not known on the thread where it arrived. Import skein/array there." */
  constructor(name: string, module: string) {
    super(
      'SKEIN_UNKNOWN_CLASS',
      `A value is of the class ${name}, which is not known on the thread where it arrived. Import ${module} there.`,
      { class: name, module },
    )
  }
}

/** Bytes that should be a packed value are none. */
export class MalformedValueError extends SkeinError {
  static {
    registerError(MalformedValueError, 'MalformedValueError')
  }
  declare readonly problem: string
  /** The byte at which it shows. */
  declare readonly at: number

  constructor(problem: string, at: number, options?: ErrorOptions) {
    super(
      'SKEIN_MALFORMED_VALUE',
      `Packed bytes are spoilt: ${problem} at ${at}. They were cut or changed on the way, or another version packed them.`,
      { problem, at },
      options,
    )
  }
}
