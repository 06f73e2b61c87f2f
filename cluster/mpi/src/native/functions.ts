/**
 * The functions of an MPI library, callable. A prototype is the sequence of what its arguments are, since families differ in nothing
 * but the width of a handle:
 *
 *     h  handle     i  int     a  MPI_Aint     p  pointer: a typed array, an address, or null
 *     o  MPI_Offset     f  MPI_File, which is a pointer in all families
 *
 * Outputs are pointers to typed arrays that the caller keeps: koffi passes their address and allocates nothing.
 */

import { NotSupportedError } from '@skein/base'
import type { LibraryHandle } from 'koffi'
import type { Family } from './family.ts'

const pointToPoint = {
  MPI_Send: 'pihiih',
  MPI_Ssend: 'pihiih',
  MPI_Rsend: 'pihiih',
  MPI_Recv: 'pihiihp',
  MPI_Isend: 'pihiihp',
  MPI_Issend: 'pihiihp',
  MPI_Irsend: 'pihiihp',
  MPI_Irecv: 'pihiihp',
  MPI_Send_init: 'pihiihp',
  MPI_Ssend_init: 'pihiihp',
  MPI_Rsend_init: 'pihiihp',
  MPI_Recv_init: 'pihiihp',
  MPI_Sendrecv: 'pihiipihiihp',
  MPI_Psend_init: 'piahiihhp',
  MPI_Precv_init: 'piahiihhp',
  MPI_Pready: 'ih',
  MPI_Parrived: 'hip',
  MPI_Probe: 'iihp',
  MPI_Iprobe: 'iihpp',
  MPI_Mprobe: 'iihpp',
  MPI_Improbe: 'iihppp',
  MPI_Mrecv: 'pihpp',
  MPI_Imrecv: 'pihpp',
  MPI_Start: 'p',
  MPI_Test: 'ppp',
  MPI_Wait: 'pp',
  MPI_Cancel: 'p',
  MPI_Request_free: 'p',
  MPI_Get_count: 'php',
  MPI_Test_cancelled: 'pp',
  MPI_Pack: 'pihpiph',
  MPI_Pack_size: 'ihhp',
} as const

/** Each is also there as MPI_Ix, with a request at the end, and as MPI_X_init, with an info before it. */
const collectives = {
  Barrier: 'h',
  Bcast: 'pihih',
  Gather: 'pihpihih',
  Gatherv: 'pihppphih',
  Scatter: 'pihpihih',
  Scatterv: 'ppphpihih',
  Allgather: 'pihpihh',
  Allgatherv: 'pihppphh',
  Alltoall: 'pihpihh',
  Alltoallv: 'ppphppphh',
  Alltoallw: 'pppppppph',
  Neighbor_allgather: 'pihpihh',
  Neighbor_allgatherv: 'pihppphh',
  Neighbor_alltoall: 'pihpihh',
  Neighbor_alltoallv: 'ppphppphh',
  Neighbor_alltoallw: 'pppppppph',
  Reduce: 'ppihhih',
  Allreduce: 'ppihhh',
  Scan: 'ppihhh',
  Exscan: 'ppihhh',
  Reduce_scatter_block: 'ppihhh',
  Reduce_scatter: 'ppphhh',
} as const

const communicators = {
  MPI_Comm_rank: 'hp',
  MPI_Comm_size: 'hp',
  MPI_Comm_remote_size: 'hp',
  MPI_Comm_test_inter: 'hp',
  MPI_Comm_group: 'hp',
  MPI_Comm_remote_group: 'hp',
  MPI_Comm_set_errhandler: 'hh',
  MPI_Comm_get_attr: 'hipp',
  MPI_Comm_dup: 'hp',
  MPI_Comm_dup_with_info: 'hhp',
  MPI_Comm_split: 'hiip',
  MPI_Comm_split_type: 'hiihp',
  MPI_Comm_create: 'hhp',
  MPI_Comm_create_group: 'hhip',
  MPI_Comm_free: 'p',
  MPI_Intercomm_create: 'hihiip',
  MPI_Intercomm_merge: 'hip',
  MPI_Cart_create: 'hippip',
  MPI_Cartdim_get: 'hp',
  MPI_Dist_graph_create_adjacent: 'hippipphip',
  MPI_Dist_graph_neighbors_count: 'hppp',
  MPI_Topo_test: 'hp',
  MPI_Group_size: 'hp',
  MPI_Group_incl: 'hipp',
  MPI_Group_translate_ranks: 'hiphp',
  MPI_Group_free: 'p',
  MPI_Group_union: 'hhp',
  MPI_Abort: 'hi',
  MPI_Comm_spawn_multiple: 'ippppihpp',
  MPI_Comm_get_parent: 'p',
  MPI_Comm_accept: 'phihp',
  MPI_Comm_connect: 'phihp',
  MPI_Comm_disconnect: 'p',
  MPI_Open_port: 'hp',
  MPI_Close_port: 'p',
  MPI_Publish_name: 'php',
  MPI_Unpublish_name: 'php',
  MPI_Lookup_name: 'php',
  MPI_Session_init: 'hhp',
  MPI_Session_get_num_psets: 'hhp',
  MPI_Session_get_nth_pset: 'hhipp',
  MPI_Session_get_pset_info: 'hpp',
  MPI_Session_finalize: 'p',
  MPI_Group_from_session_pset: 'hpp',
  MPI_Comm_create_from_group: 'hphhp',
  MPIX_Comm_revoke: 'h',
  MPIX_Comm_shrink: 'hp',
  MPIX_Comm_agree: 'hp',
  MPIX_Comm_failure_ack: 'h',
  MPIX_Comm_failure_get_acked: 'hp',
} as const

const windows = {
  MPI_Win_create: 'paihhp',
  MPI_Win_allocate: 'aihhpp',
  MPI_Win_allocate_shared: 'aihhpp',
  MPI_Win_shared_query: 'hippp',
  MPI_Win_create_dynamic: 'hhp',
  MPI_Win_attach: 'hpa',
  MPI_Win_detach: 'ha',
  MPI_Win_free: 'p',
  MPI_Win_set_errhandler: 'hh',
  MPI_Win_get_attr: 'hipp',
  MPI_Win_get_group: 'hp',
  MPI_Get_address: 'pp',
  MPI_Put: 'pihiaihh',
  MPI_Get: 'pihiaihh',
  MPI_Accumulate: 'pihiaihhh',
  MPI_Get_accumulate: 'pihpihiaihhh',
  MPI_Fetch_and_op: 'pphiahh',
  MPI_Compare_and_swap: 'ppphiah',
  MPI_Rput: 'pihiaihhp',
  MPI_Rget: 'pihiaihhp',
  MPI_Raccumulate: 'pihiaihhhp',
  MPI_Rget_accumulate: 'pihpihiaihhhp',
  MPI_Win_fence: 'ih',
  MPI_Win_start: 'hih',
  MPI_Win_complete: 'h',
  MPI_Win_post: 'hih',
  MPI_Win_wait: 'h',
  MPI_Win_test: 'hp',
  MPI_Win_lock: 'iiih',
  MPI_Win_unlock: 'ih',
  MPI_Win_lock_all: 'ih',
  MPI_Win_unlock_all: 'h',
  MPI_Win_flush: 'ih',
  MPI_Win_flush_local: 'ih',
  MPI_Win_flush_all: 'h',
  MPI_Win_flush_local_all: 'h',
  MPI_Win_sync: 'h',
} as const

const types = {
  MPI_Type_contiguous: 'ihp',
  MPI_Type_vector: 'iiihp',
  MPI_Type_create_hvector: 'iiahp',
  MPI_Type_indexed: 'ipphp',
  MPI_Type_create_hindexed: 'ipphp',
  MPI_Type_create_indexed_block: 'iiphp',
  MPI_Type_create_hindexed_block: 'iiphp',
  MPI_Type_create_struct: 'ipppp',
  MPI_Type_create_subarray: 'ipppihp',
  MPI_Type_create_darray: 'iiippppihp',
  MPI_Type_create_resized: 'haap',
  MPI_Type_get_extent: 'hpp',
  MPI_Type_commit: 'p',
  MPI_Type_free: 'p',
  MPI_Op_create: 'pip',
  MPI_Op_free: 'p',
} as const

const infos = {
  MPI_Info_create: 'p',
  MPI_Info_set: 'hpp',
  MPI_Info_free: 'p',
  MPI_Info_get_nkeys: 'hp',
  MPI_Info_get_nthkey: 'hip',
  MPI_Info_get: 'hpipp',
} as const

const environment = {
  MPI_Init_thread: 'ppip',
  MPI_Initialized: 'p',
  MPI_Finalize: '',
  MPI_Finalized: 'p',
  MPI_Query_thread: 'p',
  MPI_Get_version: 'pp',
  MPI_Get_library_version: 'pp',
  MPI_Get_processor_name: 'pp',
  MPI_Error_class: 'ip',
  MPI_Error_string: 'ipp',
} as const

export type CollectiveName = keyof typeof collectives

export type Call = (...args: Argument[]) => number
/** What koffi takes: a number for a handle, an int or an address, a typed array for its address. */
export type Argument = number | bigint | ArrayBufferView | null

type Names =
  | keyof typeof pointToPoint
  | keyof typeof communicators
  | keyof typeof types
  | keyof typeof windows
  | keyof typeof infos
  | keyof typeof environment
  | `MPI_${CollectiveName}`
  | `MPI_I${Uncapitalize<CollectiveName>}`
  | `MPI_${CollectiveName}_init`

export type Calls = { readonly [name in Names]: Call } & { MPI_Wtime(): number; MPI_Wtick(): number }

/** All functions that are bound: the tests make a library of them. */
export const prototypes = (): [name: string, prototype: string][] => {
  const all: [string, string][] = Object.entries({
    ...pointToPoint,
    ...communicators,
    ...types,
    ...windows,
    ...infos,
    ...environment,
  })
  for (const [name, prototype] of Object.entries(collectives)) {
    all.push([`MPI_${name}`, prototype])
    all.push([`MPI_I${name[0].toLowerCase()}${name.slice(1)}`, `${prototype}p`])
    all.push([`MPI_${name}_init`, `${prototype}hp`])
  }
  return all
}

/** A library and what it is. */
interface Bound {
  readonly handle: LibraryHandle
  readonly family: Family
  readonly version: string
}

/** What the library lacks becomes a function that says so. */
export const bindAll = (
  { handle: library, family, version }: Bound,
  named: readonly (readonly [name: string, prototype: string])[],
): { [name: string]: unknown } => {
  const kinds: { [letter: string]: string } = {
    h: family.handle,
    i: 'int',
    a: 'intptr_t',
    o: 'int64_t',
    f: 'intptr_t',
    p: 'void *',
  }
  const calls: { [name: string]: unknown } = {}
  for (const [name, prototype] of named) {
    const parameters = [...prototype].map(letter => kinds[letter])
    try {
      calls[name] = library.func(name, 'int', parameters)
    } catch {
      calls[name] = () => {
        throw new NotSupportedError(family.name, name, `${version} does not have it`)
      }
    }
  }
  return calls
}

export const bind = (library: LibraryHandle, family: Family, version: string): Calls => {
  const calls = bindAll({ handle: library, family, version }, prototypes())
  calls.MPI_Wtime = library.func('MPI_Wtime', 'double', [])
  calls.MPI_Wtick = library.func('MPI_Wtick', 'double', [])
  return calls as Calls
}
