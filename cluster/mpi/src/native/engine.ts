/** Open MPI, MPICH, or any library with the ABI of MPI-5, as an engine. */

import type { Engine, ThreadLevel } from '../engine.ts'
import * as dynamic from './dynamic.ts'
import { whenItFails } from './failure.ts'
import { deleteFile } from './file.ts'
import { type Launcher, launcherOf, loadKoffi, openLibrary } from './library.ts'
import { NativePort } from './port.ts'
import { Runtime } from './runtime.ts'
import { NativeSession } from './session.ts'

const levels: readonly ThreadLevel[] = ['single', 'funneled', 'serialized', 'multiple']

/** Of Linux. */
const setParentDeathSignal = 1
const sigKill = 9

/**
 * A rank does not outlive what started it: a launcher that was killed cannot end its ranks itself. Only Linux has a word for it; elsewhere a rank ends
 * when it finds its connection closed.
 */
const dieWithLauncher = (): void => {
  if (process.platform !== 'linux') return
  const parent = process.ppid
  const prctl = loadKoffi().load(null).func('int prctl(int, long, long, long, long)')
  prctl(setParentDeathSignal, sigKill, 0, 0, 0)
  // It was gone before.
  if (process.ppid !== parent) process.exit(1)
}

let opened: Engine | undefined

/**
 * The engine of the library that belongs to the launcher of this process. MPI can be initialised once in a process, so there is one.
 *
 * @throws MpiLibraryError where there is none
 */
export const openNativeEngine = (launcher?: Launcher): Engine => {
  opened ??= start(launcher ?? launcherOf() ?? 'mpi')
  return opened
}

const start = (launcher: Launcher): Engine => {
  const library = openLibrary(launcher)
  if (launcherOf() !== undefined) dieWithLauncher()
  const runtime = new Runtime(library)
  const { calls, family } = runtime

  const level = new Int32Array(1)
  calls.MPI_Initialized(runtime.int)
  const wasInitialised = runtime.int[0] !== 0
  if (wasInitialised) calls.MPI_Query_thread(level)
  else {
    // Node has other threads, but none of them calls MPI: nothing in the library needs a lock or an atomic instruction. Those
    // that it would use at any higher level cost Open MPI half as much again for a short message.
    const asked = levels.indexOf((process.env.SKEIN_MPI_THREAD_LEVEL ?? 'single') as ThreadLevel)
    const code = calls.MPI_Init_thread(null, null, family.threadLevels[Math.max(asked, 0)], level)
    if (code !== 0) runtime.fail(code, 'init', { rank: -1, name: 'world' })
  }
  const threadLevel = levels[family.threadLevels.indexOf(level[0])] ?? 'single'
  const world = new NativePort(runtime, library.resolve(family.commWorld), 'world')
  const self = new NativePort(runtime, library.resolve(family.commSelf), 'self')

  const parent = dynamic.parentOf(runtime)

  let isFinalized = false
  const finalize = () => {
    if (isFinalized) return
    isFinalized = true
    whenItFails(undefined)
    runtime.close()
    const code = calls.MPI_Finalize()
    if (code !== 0) runtime.fail(code, 'finalize', world)
  }
  whenItFails(code => calls.MPI_Abort(world.comm, code), world.rank, world.size)
  process.on('exit', code => {
    if (code === 0) finalize()
  })
  return {
    name: family.name,
    version: library.version,
    standard: library.standard,
    threadLevel,
    world,
    self,
    // MPI promises this much.
    tagUb: attributeOf(runtime, world, family.tagUb) ?? 32767,
    // Its functions take ints.
    mostCount: 2 ** 31 - 1,
    processorName: processorName(runtime),
    wtime: calls.MPI_Wtime,
    wtick: calls.MPI_Wtick(),
    // The library takes any memory by its address, and maps what it must.
    allocate: bytes => new Uint8Array(bytes),
    parent: parent === undefined ? undefined : new NativePort(runtime, parent, 'parent'),
    universeSize: attributeOf(runtime, world, family.universeSize),
    appNumber: attributeOf(runtime, world, family.appNumber),
    openPort: hints => dynamic.openPort(runtime, world, hints),
    closePort: name => dynamic.closePort(runtime, world, name),
    publishName: (service, hints, name) => dynamic.nameService(runtime, world, 'publishName', service, hints, name),
    unpublishName: (service, hints, name) => dynamic.nameService(runtime, world, 'unpublishName', service, hints, name),
    lookupName: (service, hints) => dynamic.lookupName(runtime, world, service, hints),
    openSession: hints => new NativeSession(runtime, world, hints),
    deleteFile: (path, hints) => deleteFile(runtime, path, hints, world.rank),
    finalize,
    get isFinalized() {
      return isFinalized
    },
  }
}

/** An attribute's value is an address of the int; undefined: it has none. */
const attributeOf = ({ calls, library, int }: Runtime, world: NativePort, key: number): number | undefined => {
  const address = new BigInt64Array(1)
  calls.MPI_Comm_get_attr(world.comm, key, address, int)
  return int[0] === 0 ? undefined : library.koffi.decode.int(address[0])
}

const processorName = ({ calls, int }: Runtime): string => {
  const text = new Uint8Array(256)
  calls.MPI_Get_processor_name(text, int)
  return new TextDecoder().decode(text.subarray(0, int[0]))
}
