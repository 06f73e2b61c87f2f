/**
 * The forms of collectives, as types. Each is given now (`gather`), started (`igather`) or persistent (`gatherInit`), which differ in what they give alone:
 * a value, a request of one, a persistent request of one.
 */

import type { TypedArray } from '@skein/heap'
import type { inPlace } from '../constants.ts'
import type { Data, Slices, TypedSlices } from '../message/part.ts'
import type { Op } from '../op.ts'
import type { PersistentRequest } from '../request/persistent.ts'
import type { Request } from '../request/request.ts'

export type When = 'now' | 'started' | 'persistent'
type Given<W extends When, T> = W extends 'now' ? T : W extends 'started' ? Request<T> : PersistentRequest<T>

export type InPlace = typeof inPlace
/** A function of two elements, `a` of the lower ranks, stands for an operation that is not commutative. */
export type Operation = Op | ((a: any, b: any) => unknown)

export type Barrier<W extends When> = () => Given<W, void>

/** A buffer is filled; of anything else the root's value is given to all. */
export type Bcast<W extends When> = <T>(data: T, root?: number) => Given<W, T>

export interface Gather<W extends When> {
  /** Into the root's buffer, a share for each rank; others leave it out. */
  (send: Data | InPlace | undefined, recv: Data | undefined, root?: number): Given<W, void>
  /** A new array at the root. */
  <T extends TypedArray>(send: T, root?: number): Given<W, T | undefined>
  /** A list at the root. */
  <T>(value: T, root?: number): Given<W, T[] | undefined>
}

export interface Gatherv<W extends When> {
  (send: Data | InPlace | undefined, recv: Slices | undefined, root: number): Given<W, void>
  /** As much as each rank gives, in a new array at the root. */
  <T extends TypedArray>(send: T, root?: number): Given<W, T | undefined>
  <T>(value: T, root?: number): Given<W, T[] | undefined>
}

export interface Scatter<W extends When> {
  (send: Data | undefined, recv: Data | InPlace | undefined, root?: number): Given<W, void>
  /** A share of the root's array, new; other ranks give undefined. */
  <T extends TypedArray>(send: T | undefined, root?: number): Given<W, T>
  /** One of the root's list; other ranks give undefined. */
  <T>(values: readonly T[] | undefined, root?: number): Given<W, T>
}

export interface Scatterv<W extends When> {
  (send: Slices | undefined, recv: Data | InPlace | undefined, root?: number): Given<W, void>
  (send: Slices | undefined, root?: number): Given<W, TypedArray>
  <T>(values: readonly T[] | undefined, root?: number): Given<W, T>
}

export interface Allgather<W extends When> {
  (send: Data | InPlace, recv: Data): Given<W, void>
  <T extends TypedArray>(send: T): Given<W, T>
  <T>(value: T): Given<W, T[]>
}

export interface Allgatherv<W extends When> {
  (send: Data | InPlace, recv: Slices): Given<W, void>
  <T extends TypedArray>(send: T): Given<W, T>
  <T>(value: T): Given<W, T[]>
}

export interface Alltoall<W extends When> {
  (send: Data | InPlace, recv: Data): Given<W, void>
  <T extends TypedArray>(send: T): Given<W, T>
  <T>(values: readonly T[]): Given<W, T[]>
}

export interface Alltoallv<W extends When> {
  (send: Slices | InPlace, recv: Slices): Given<W, void>
  (send: Slices): Given<W, TypedArray>
  <T>(values: readonly T[]): Given<W, T[]>
}

export type Alltoallw<W extends When> = (send: TypedSlices | InPlace, recv: TypedSlices) => Given<W, void>

export interface Reduce<W extends When> {
  (send: Data | InPlace | undefined, recv: Data | undefined, op?: Operation, root?: number): Given<W, void>
  /** A new array at the root. */
  <T extends TypedArray>(send: T, op?: Operation, root?: number): Given<W, T | undefined>
  <T>(value: T, op?: Operation, root?: number): Given<W, T | undefined>
}

export interface Fold<W extends When> {
  (send: Data | InPlace, recv: Data, op?: Operation): Given<W, void>
  <T extends TypedArray>(send: T, op?: Operation): Given<W, T>
  (value: number, op?: Operation): Given<W, number>
  (value: boolean, op?: Operation): Given<W, boolean>
  <T>(value: T, op?: Operation): Given<W, T>
}

/** What comes to rank 0 is nothing: undefined of values, and a buffer is left as it is. */
export interface Exscan<W extends When> {
  (send: Data | InPlace, recv: Data, op?: Operation): Given<W, void>
  <T extends TypedArray>(send: T, op?: Operation): Given<W, T>
  (value: number, op?: Operation): Given<W, number | undefined>
  <T>(value: T, op?: Operation): Given<W, T | undefined>
}

export interface ReduceScatterBlock<W extends When> {
  (send: Data | InPlace, recv: Data, op?: Operation): Given<W, void>
  <T extends TypedArray>(send: T, op?: Operation): Given<W, T>
  /** Of lists with one value for each rank. */
  <T>(values: readonly T[], op?: Operation): Given<W, T>
}

export interface ReduceScatter<W extends When> {
  (send: Data | InPlace, recv: Data, counts: ArrayLike<number>, op?: Operation): Given<W, void>
  <T extends TypedArray>(send: T, counts: ArrayLike<number>, op?: Operation): Given<W, T>
  <T>(values: readonly T[], op?: Operation): Given<W, T>
}

export interface NeighborAllgather<W extends When> {
  /** A share for each source. */
  (send: Data, recv: Data): Given<W, void>
  <T extends TypedArray>(send: T): Given<W, T>
  /** Undefined where a grid ends. */
  <T>(value: T): Given<W, (T | undefined)[]>
}

export interface NeighborAllgatherv<W extends When> {
  (send: Data, recv: Slices): Given<W, void>
  <T>(value: T): Given<W, (T | undefined)[]>
}

export interface NeighborAlltoall<W extends When> {
  (send: Data, recv: Data): Given<W, void>
  <T extends TypedArray>(send: T): Given<W, T>
  /** One for each destination, from each source. */
  <T>(values: readonly T[]): Given<W, (T | undefined)[]>
}

export type NeighborAlltoallv<W extends When> = (send: Slices, recv: Slices) => Given<W, void>
export type NeighborAlltoallw<W extends When> = (send: TypedSlices, recv: TypedSlices) => Given<W, void>

/** Collectives by name. */
export interface Collectives<W extends When> {
  barrier: Barrier<W>
  bcast: Bcast<W>
  gather: Gather<W>
  gatherv: Gatherv<W>
  scatter: Scatter<W>
  scatterv: Scatterv<W>
  allgather: Allgather<W>
  allgatherv: Allgatherv<W>
  alltoall: Alltoall<W>
  alltoallv: Alltoallv<W>
  alltoallw: Alltoallw<W>
  reduce: Reduce<W>
  allreduce: Fold<W>
  scan: Fold<W>
  exscan: Exscan<W>
  reduceScatter: ReduceScatter<W>
  reduceScatterBlock: ReduceScatterBlock<W>
  neighborAllgather: NeighborAllgather<W>
  neighborAllgatherv: NeighborAllgatherv<W>
  neighborAlltoall: NeighborAlltoall<W>
  neighborAlltoallv: NeighborAlltoallv<W>
  neighborAlltoallw: NeighborAlltoallw<W>
}

/** All names of all forms: `gather`, `igather`, `gatherInit`. */
export type AllForms = Collectives<'now'> & {
  [K in keyof Collectives<'started'> as `i${K}`]: Collectives<'started'>[K]
} & {
  [K in keyof Collectives<'persistent'> as `${K}Init`]: Collectives<'persistent'>[K]
}
