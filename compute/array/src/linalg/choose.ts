/** Which provider computes what. */

import { backendIsAsked } from '../expression/programs.ts'
import { lapackOf } from './lapack/lapack.ts'
import { type Library, libraryHere, libraryOrThrow } from './lapack/library.ts'
import { own } from './own/own.ts'
import type { Operation, Provider, ProviderName } from './provider.ts'

/** `auto`: the library of the machine for what it does faster, if there is one; own algorithms for the rest, and for everything once a backend has been chosen. */
export type ProviderChoice = ProviderName | 'auto'

/** From which size on a library is worth it, as measured (README, "Providers of linear algebra"); none: never. Below, own algorithms are as fast, or done before one is loaded. */
const few = 32
const many = 64
const least: { readonly [parts in 1 | 2]: { readonly [operation in Operation]?: number } } = {
  1: {
    lu: many,
    qr: few,
    symmetricEigen: few,
    singularValues: few,
    eigen: many,
    schur: many,
    hessenberg: many,
  },
  2: {
    cholesky: few,
    lu: few,
    solveTriangular: many,
    qr: few,
    symmetricEigen: few,
    singularValues: few,
    eigen: many,
    schur: many,
    hessenberg: many,
  },
}

let chosen: ProviderChoice | undefined
let made: { readonly library: Library; readonly provider: Provider } | undefined

/** The environment is asked once. */
export const choiceNow = (): ProviderChoice => (chosen ??= process.env.SKEIN_LAPACK === 'own' ? 'own' : 'auto')

/** @throws NotSupportedError for `lapack` where there is no library */
export function choose(choice: ProviderChoice): void {
  if (choice === 'lapack') lapack(libraryOrThrow('nd.linalg.provider'))
  chosen = choice
}

function lapack(library: Library): Provider {
  if (made?.library !== library) made = { library, provider: lapackOf(library) }
  return made.provider
}

/**
 * @param n the smallest size of what is computed
 * @param parts 2: matrices are complex
 */
export function providerOf(operation: Operation, n: number, parts: 1 | 2): Provider {
  const choice = choiceNow()
  if (choice === 'own') return own
  if (choice === 'auto' && (n < (least[parts][operation] ?? Infinity) || backendIsAsked())) return own
  const library = libraryHere()
  return library === undefined ? own : lapack(library)
}
