/** Dynamic processes of the library: its calls take lists of strings, which are lists of addresses. */

import type { SpawnedProgram } from '../engine.ts'
import type { Hints } from '../info.ts'
import type { Caller } from './binding.ts'
import { cString, freeInfo, infoOf, textIn, withInfo } from './info.ts'
import type { Runtime } from './runtime.ts'

/** A communicator of the library. */
interface Member extends Caller {
  readonly runtime: Runtime
  readonly comm: number
}

/** Addresses, and what lies there: it must live as long as they are used. */
interface Pointers {
  readonly addresses: BigUint64Array
  readonly kept: unknown
}

function pointers({ library }: Runtime, views: readonly ArrayBufferView[]): Pointers {
  const addresses = BigUint64Array.from([...views.map(view => library.koffi.address(view)), 0n])
  return { addresses, kept: views }
}

const strings = (runtime: Runtime, texts: readonly string[]): Pointers => pointers(runtime, texts.map(cString))

/** A rank is this Node with its options, then the program. */
const wordsOf = ({ file, args }: SpawnedProgram): string[] => [...process.execArgv, file, ...args]

/** The library says no more than that it failed. */
function fail(runtime: Runtime, code: number, call: string, caller: Caller): never {
  const reason = runtime.library.lacksDynamicProcesses
  if (reason !== undefined) runtime.notSupported(call, reason)
  return runtime.fail(code, call, caller)
}

/**
 * Programs are given at the root alone, so the others cannot tell one from several: it is MPI_Comm_spawn_multiple for both.
 *
 * @returns the handle of the intercommunicator
 */
export function spawn(port: Member, programs: readonly SpawnedProgram[], root: number): number {
  const { runtime, comm } = port
  const { calls, cell } = runtime
  const infos: number[] = []
  try {
    for (const { hints } of programs) infos.push(infoOf(runtime, hints, 'spawn', port))
    const commands = strings(
      runtime,
      programs.map(() => process.execPath),
    )
    const lists = programs.map(program => strings(runtime, wordsOf(program)))
    const argvs = pointers(
      runtime,
      lists.map(({ addresses }) => addresses),
    )
    const code = calls.MPI_Comm_spawn_multiple(
      programs.length,
      commands.addresses,
      argvs.addresses,
      Int32Array.from(programs, ({ ranks }) => ranks),
      runtime.handleArray(infos),
      root,
      comm,
      cell,
      // MPI_ERRCODES_IGNORE: what it returns tells as well.
      null,
    )
    if (code !== 0) fail(runtime, code, 'spawn', port)
    return runtime.readHandle()
  } finally {
    for (const info of infos) freeInfo(runtime, info)
  }
}

/** @returns the handle of the intercommunicator to those who spawned this world; undefined: nobody did */
export function parentOf(runtime: Runtime): number | undefined {
  if (runtime.calls.MPI_Comm_get_parent(runtime.cell) !== 0) return undefined
  const handle = runtime.readHandle()
  return handle === runtime.commNull ? undefined : handle
}

export function meet(port: Member, call: 'accept' | 'connect', portName: string, hints: Hints, root: number): number {
  const { runtime, comm } = port
  const { calls, cell } = runtime
  const does = call === 'accept' ? calls.MPI_Comm_accept : calls.MPI_Comm_connect
  return withInfo(runtime, hints, call, port, info => {
    const code = does(cString(portName), info, root, comm, cell)
    if (code !== 0) fail(runtime, code, call, port)
    return runtime.readHandle()
  })
}

export function openPort(runtime: Runtime, world: Member, hints: Hints): string {
  const name = new Uint8Array(runtime.family.mostPortName)
  withInfo(runtime, hints, 'openPort', world, info => {
    const code = runtime.calls.MPI_Open_port(info, name)
    if (code !== 0) fail(runtime, code, 'openPort', world)
  })
  return textIn(name)
}

export function closePort(runtime: Runtime, world: Member, portName: string): void {
  const code = runtime.calls.MPI_Close_port(cString(portName))
  if (code !== 0) runtime.fail(code, 'closePort', world)
}

export function nameService(
  runtime: Runtime,
  world: Member,
  call: 'publishName' | 'unpublishName',
  service: string,
  hints: Hints,
  portName: string,
): void {
  const { MPI_Publish_name, MPI_Unpublish_name } = runtime.calls
  const does = call === 'publishName' ? MPI_Publish_name : MPI_Unpublish_name
  withInfo(runtime, hints, call, world, info => {
    const code = does(cString(service), info, cString(portName))
    if (code !== 0) runtime.fail(code, call, world)
  })
}

export function lookupName(runtime: Runtime, world: Member, service: string, hints: Hints): string {
  const name = new Uint8Array(runtime.family.mostPortName)
  withInfo(runtime, hints, 'lookupName', world, info => {
    const code = runtime.calls.MPI_Lookup_name(cString(service), info, name)
    if (code !== 0) runtime.fail(code, 'lookupName', world)
  })
  return textIn(name)
}
