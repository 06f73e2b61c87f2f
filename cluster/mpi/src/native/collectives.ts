/**
 * Collectives: MPI_X, MPI_Ix and MPI_X_init take the same arguments, so they are laid out once. The few that programs call most often, blocking,
 * go to the library directly: laying out their arguments would cost a tenth of the call.
 */

import { byte } from '../datatype/basic.ts'
import type { Collective, Part, Parts, Pending, Persistent, TypedParts } from '../engine.ts'
import { bor } from '../op.ts'
import type { Caller } from './binding.ts'
import { addresses } from './datatypes.ts'
import type { Argument, Call, CollectiveName } from './functions.ts'
import { NativePending, NativePersistent } from './requests.ts'
import type { Runtime } from './runtime.ts'

/** The communicator whose ranks call. */
interface Members extends Caller {
  readonly runtime: Runtime
  readonly comm: number
}

const names: { readonly [is in Collective['is']]: CollectiveName } = {
  barrier: 'Barrier',
  bcast: 'Bcast',
  gather: 'Gather',
  gatherv: 'Gatherv',
  scatter: 'Scatter',
  scatterv: 'Scatterv',
  allgather: 'Allgather',
  allgatherv: 'Allgatherv',
  alltoall: 'Alltoall',
  alltoallv: 'Alltoallv',
  alltoallw: 'Alltoallw',
  neighborAllgather: 'Neighbor_allgather',
  neighborAllgatherv: 'Neighbor_allgatherv',
  neighborAlltoall: 'Neighbor_alltoall',
  neighborAlltoallv: 'Neighbor_alltoallv',
  neighborAlltoallw: 'Neighbor_alltoallw',
  reduce: 'Reduce',
  allreduce: 'Allreduce',
  scan: 'Scan',
  exscan: 'Exscan',
  reduceScatterBlock: 'Reduce_scatter_block',
  reduceScatter: 'Reduce_scatter',
}

const nowhere = new Uint8Array(8)

export const run = (port: Members, collective: Collective): void => {
  const { runtime, comm } = port
  const { calls } = runtime
  let code: number
  switch (collective.is) {
    case 'barrier':
      code = calls.MPI_Barrier(comm)
      break
    case 'bcast': {
      const { part, root } = collective
      code = calls.MPI_Bcast(part.view, part.count, runtime.types.of(part.type), runtime.rank(root), comm)
      break
    }
    case 'allreduce': {
      const { send, recv } = collective
      const from = send === undefined ? runtime.family.inPlace : send.view
      const reduction = runtime.reductionOf(collective)
      code = calls.MPI_Allreduce(from, recv.view, recv.count, reduction.type, reduction.op, comm)
      break
    }
    case 'alltoall':
    case 'allgather': {
      const { send, recv } = collective
      const { types, family } = runtime
      const [from, count, type] = [send?.view ?? family.inPlace, send?.count ?? 0, types.of(send?.type ?? byte)]
      const call = collective.is === 'alltoall' ? calls.MPI_Alltoall : calls.MPI_Allgather
      code = call(from, count, type, recv.view, recv.count, types.of(recv.type), comm)
      break
    }
    default:
      code = (calls[`MPI_${names[collective.is]}`] as Call)(...layout(runtime, guarded(runtime, collective)), comm)
  }
  if (code !== 0 || runtime.hasThrown) runtime.fail(code, collective.is, port)
}

/** MPICH 4.0 ends with a segmentation fault in a reduction in place at another root than 0 of more than 2 KiB: there it gets a copy to send. */
const guarded = (runtime: Runtime, collective: Collective): Collective => {
  if (collective.is !== 'reduce' || runtime.family.name !== 'mpich') return collective
  const { send, recv, root } = collective
  return send !== undefined || recv === undefined || root < 1 ? collective : { ...collective, send: copyOf(recv) }
}

/** The same elements elsewhere, with what lies between them. */
const copyOf = ({ view, count, type }: Part): Part => {
  const last = Math.max(0, count - 1) * type.extent
  // Bytes that elements reach below the begin of the view.
  const before = Math.max(0, -(type.trueLb + Math.min(0, last)))
  const end = Math.max(0, type.trueLb + type.trueExtent + Math.max(0, last))
  const copy = new Uint8Array(view.buffer, view.byteOffset - before, before + end).slice()
  return { view: copy.subarray(before), count, type }
}

export const start = (port: Members, collective: Collective): Pending => {
  const { runtime } = port
  const name = names[collective.is]
  const call = runtime.calls[`MPI_I${name[0].toLowerCase()}${name.slice(1)}` as 'MPI_Ibarrier']
  const args = layout(runtime, collective)
  const code = call(...args, port.comm, runtime.cell)
  if (code !== 0) runtime.fail(code, collective.is, port)
  // The lists of counts, displacements and types must live as long as the buffers do.
  return new NativePending(runtime, port, collective.is, [collective, args]).begin()
}

export const init = (port: Members, collective: Collective): Persistent => {
  const { runtime } = port
  const call = runtime.calls[`MPI_${names[collective.is]}_init`]
  const args = layout(runtime, collective)
  const code = call(...args, port.comm, runtime.infoNull, runtime.cell)
  if (code !== 0) runtime.fail(code, `${collective.is}Init`, port)
  return new NativePersistent(runtime, port, `${collective.is}Init`, [collective, args])
}

/** With one rank alone Open MPI 4.1 takes displacements in bytes for such in extents: there is none, if the buffer begins where the share does. */
const fromItsShare = ({ view, counts, displs, types }: TypedParts): TypedParts => ({
  view: new Uint8Array(view.buffer, view.byteOffset + displs[0]),
  ...{ counts, displs: [0], types },
})

/** All arguments before the communicator. */
const layout = (runtime: Runtime, collective: Collective): Argument[] => {
  const { family, types, ops } = runtime
  const { inPlace } = family
  // MPI_ROOT and MPI_PROC_NULL stand for a side of an intercommunicator, where nothing is in place.
  const atRoot = (root: number) => (root >= 0 ? inPlace : null)

  const part = (given: Part | undefined, absent: Argument = null): Argument[] =>
    given ? [given.view, given.count, types.of(given.type)] : [absent, 0, types.basic('byte')]
  const parts = (given: Parts | undefined, absent: Argument = null): Argument[] =>
    given
      ? [given.view, Int32Array.from(given.counts), Int32Array.from(given.displs), types.of(given.type)]
      : [absent, null, null, types.basic('byte')]
  const typedParts = (given: TypedParts | undefined, displs: (list: readonly number[]) => Argument): Argument[] => {
    if (!given) return [inPlace, null, null, null]
    const shares = given.counts.length === 1 ? fromItsShare(given) : given
    const handles = runtime.handleArray(shares.types.map(type => types.of(type)))
    return [shares.view, Int32Array.from(shares.counts), displs(shares.displs), handles]
  }

  switch (collective.is) {
    case 'barrier':
      return []
    case 'bcast':
      return [...part(collective.part), runtime.rank(collective.root)]
    case 'gather': {
      const { send, recv, root } = collective
      return [...part(send, recv && atRoot(root)), ...part(recv), runtime.rank(root)]
    }
    case 'gatherv': {
      const { send, recv, root } = collective
      return [...part(send, recv && atRoot(root)), ...parts(recv), runtime.rank(root)]
    }
    case 'scatter': {
      const { send, recv, root } = collective
      return [...part(send), ...part(recv, send && atRoot(root)), runtime.rank(root)]
    }
    case 'scatterv': {
      const { send, recv, root } = collective
      return [...parts(send), ...part(recv, send && atRoot(root)), runtime.rank(root)]
    }
    case 'allgather':
    case 'alltoall':
      return [...part(collective.send, inPlace), ...part(collective.recv)]
    case 'neighborAllgather':
    case 'neighborAlltoall': {
      const { send, recv } = collective
      // Open MPI 4.1 takes a count of 0 to receive for a sign that there is nothing to send either: where nobody sends it may be any.
      // MPICH asks for a buffer then, though nothing comes.
      const share = recv.count > 0 ? recv : { view: nowhere, count: send!.count, type: recv.type }
      return [...part(send, inPlace), ...part(share)]
    }
    case 'allgatherv':
    case 'neighborAllgatherv':
      return [...part(collective.send, inPlace), ...parts(collective.recv)]
    case 'alltoallv':
    case 'neighborAlltoallv':
      return [...parts(collective.send, inPlace), ...parts(collective.recv)]
    case 'alltoallw': {
      const displs = (list: readonly number[]) => Int32Array.from(list)
      return [...typedParts(collective.send, displs), ...typedParts(collective.recv, displs)]
    }
    case 'neighborAlltoallw':
      return [...typedParts(collective.send, addresses), ...typedParts(collective.recv, addresses)]
    case 'reduce': {
      const { send, recv, op, root } = collective
      const given = send ?? recv
      // On the side of an intercommunicator that takes no part neither is there.
      if (given === undefined) return [null, null, 0, types.of(byte), ops.of(bor, byte), runtime.rank(root)]
      const { count, type } = given
      const from = send?.view ?? atRoot(root)
      return [from, recv?.view ?? null, count, types.of(type), ops.of(op, type), runtime.rank(root)]
    }
    case 'allreduce':
    case 'scan':
    case 'exscan':
    case 'reduceScatterBlock': {
      const { send, recv, op } = collective
      return [send?.view ?? inPlace, recv.view, recv.count, types.of(recv.type), ops.of(op, recv.type)]
    }
    case 'reduceScatter': {
      const { send, recv, counts, op } = collective
      const list = Int32Array.from(counts)
      return [send?.view ?? inPlace, recv.view, list, types.of(recv.type), ops.of(op, recv.type)]
    }
  }
}
