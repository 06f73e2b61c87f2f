/** Who computes linear algebra. */

import { ArgumentError } from '@skein/base'
import { choiceNow, choose, type ProviderChoice } from '../linalg/choose.ts'
import { type LapackLibrary, libraryHere } from '../linalg/lapack/library.ts'

export type { LapackLibrary, ProviderChoice }

const choices: readonly ProviderChoice[] = ['own', 'lapack', 'auto']

/**
 * Who computes products, factorisations and spectra: `own`, Skein's algorithms; `lapack`, the library of this machine (OpenBLAS, MKL, Accelerate, or what SKEIN_LAPACK names), for all that it has; `auto`, which is
 * usual, the library for what it does faster. Results differ by rounding, and by what a factorisation leaves open, such as signs of vectors.
 * @param name who is to do so from now on, on this thread; without it nothing changes
 * @returns who does from now on
 * @throws ArgumentError; NotSupportedError for `lapack` where there is no library
 */
export function provider(name?: ProviderChoice): ProviderChoice {
  if (name !== undefined) {
    if (!choices.includes(name)) throw new ArgumentError('provider', 'name', `one of ${choices.join(', ')}`, name)
    choose(name)
  }
  return choiceNow()
}

/** The library of linear algebra of this machine; undefined: there is none. To ask loads it. @throws ArgumentError if SKEIN_LAPACK names what is none */
export function lapackLibrary(): LapackLibrary | undefined {
  const library = libraryHere()
  if (library === undefined) return undefined
  const { title, version, path, integerBits, threads } = library
  return { title, version, path, integerBits, threads }
}
