/**
 * Who computes products, factorisations and spectra: `own`, Skein's algorithms, or `lapack`, a library of the machine. Functions of linear algebra ask for these and no others, so that what
 * they give is the same with each, but for rounding and the signs and order that a factorisation leaves open.
 *
 * Matrices are rows one behind the other, real or complex (`parts`); what is transposed is conjugated then. Those that are called `a` are overwritten.
 */

import type { Gemm } from '@skein/kernel/gemm'
import type { Run } from '../expression/launch.ts'
import type { Matrix } from './matrix.ts'

export type ProviderName = 'own' | 'lapack'

export interface Provider {
  readonly name: ProviderName
  /** What makes of C = A·B, of any strides, a piece of work that is not done yet; undefined: a sum of products is to be computed instead. */
  multiplier(): ((product: Product) => Run) | undefined
  /** U of A = Uᴴ·U in place of the upper triangle, the only one that is read. @returns the first row whose pivot is not positive, −1 if there is none */
  cholesky(a: Matrix): number
  lu(a: Matrix): LU
  /** B becomes T⁻¹·B. A zero on the diagonal gives infinities, as division does. */
  solveTriangular(triangle: Triangle, b: Matrix): void
  qr(a: Matrix): QR
  /** Of a symmetric or Hermitian matrix both of whose triangles are there. @returns undefined if the iteration did not end */
  symmetricEigen(a: Matrix, withVectors: boolean): Eigen | undefined
  /**
   * @param room without gaps, for vectors; who has them elsewhere returns those instead
   * @returns undefined if the iteration did not end
   */
  singularValues(a: Matrix, extent: Extent, room?: Vectors): Singular | undefined
  /** Of any square matrix of float64 without gaps. @returns undefined if the iteration did not end */
  eigen(a: Matrix, withVectors: boolean): GeneralEigen | undefined
  /** A = Z·T·Zᴴ, of float64 without gaps; T in place of A. @returns Z; undefined if the iteration did not end */
  schur(a: Matrix): Matrix | undefined
  /** A = Q·H·Qᴴ, H in place of A. @returns Q */
  hessenberg(a: Matrix): Matrix
  /** A = Q·S·Zᴴ and B = Q·P·Zᴴ of complex128 without gaps; S and P in place of A and B, P with a diagonal that is real and not negative. @returns undefined if the iteration did not end */
  qz(a: Matrix, b: Matrix): QZ | undefined
}

/** What is looked up when a provider is chosen. */
export type Operation = Exclude<keyof Provider, 'name'>

export type Product = Parameters<Gemm>[0]

export interface Triangle {
  readonly matrix: Matrix
  /** The elements above the diagonal are those of T; else those below. */
  readonly upper: boolean
  /** T is the transpose of that triangle. */
  readonly transposed?: boolean
  /** Ones stand for the diagonal. */
  readonly unit?: boolean
}

/** P·A = L·U with partial pivoting, or the same of the transposed matrix, by whose columns the rows of A are. */
export interface LU {
  /** The diagonal of U is on its diagonal. */
  readonly matrix: Matrix
  /** With which line line k was exchanged, one after the other. */
  readonly pivots: Int32Array
  /** The first line without a pivot; −1: each has one. */
  readonly singular: number
  /** What of A `singular` counts. */
  readonly line: 'column' | 'row'
  /** B becomes A⁻¹·B. */
  solve(b: Matrix): void
}

/** A = Q·R. First R is asked for, then Q, each once: the one may lie where the other is made. */
export interface QR {
  /** Into a matrix of zeros, as many rows as that has. */
  writeR(r: Matrix): void
  /** As many columns as that has: those of A at least if it has as many rows. */
  writeQ(q: Matrix): void
}

export interface Eigen {
  /** In ascending order. */
  readonly values: Float64Array
  /** Row k is the vector of value k. */
  readonly vectors?: Matrix
}

export interface GeneralEigen {
  /** Pairs, in no order but that those of a real matrix which are not real stand beside their conjugates, the positive imaginary part first. */
  readonly values: Float64Array
  /** Complex; column k is the vector of value k, of length 1. */
  readonly vectors?: Matrix
}

export interface QZ {
  readonly q: Matrix
  readonly z: Matrix
}

/** What is wanted: values alone; as many vectors as there are values; all of them. */
export type Extent = 'values' | 'reduced' | 'full'

export interface Vectors {
  /** Columns are vectors. */
  readonly u: Matrix
  /** Rows are vectors. */
  readonly vt: Matrix
}

export interface Singular extends Partial<Vectors> {
  /** In descending order. */
  readonly values: Float64Array
}
