/**
 * What this machine is: the facts that decide how many threads to start, how wide a vector is and how large a tile.
 * All of it is plain data (JSON), cheap to read, and the same in every thread of a process. What has to be asked of
 * other programs (drivers, MPI, Python) is in `engines.ts`.
 */

import { groupLimits } from './cgroup.ts'
import { affinityCores, type Cache, cachesOf, physicalCores, type Simd, simdOf } from './cpu.ts'
import { nodeModule } from './node.ts'
import { realFiles, type SystemFiles } from './system-files.ts'
import { probeWasm, type WasmFeatures } from './wasm-features.ts'

export interface Machine {
  readonly system: {
    /** As Node names it: `linux`, `darwin`, `win32`; `browser` where there is no Node. */
    readonly platform: string
    readonly arch: string
    readonly release: string
    /** `Debian GNU/Linux 12 (bookworm)`, where the system tells. */
    readonly distribution?: string
    /** `glibc` or `musl`, on Linux. */
    readonly libc?: string
  }
  readonly cpu: {
    readonly model: string
    readonly logicalCores: number
    readonly physicalCores?: number
    /** What affinity and quota leave, rounded down, at least 1: as many threads as are worth starting. */
    readonly usableCores: number
    readonly affinityCores?: number
    readonly quotaCores?: number
    readonly numaNodes: number
    readonly simd: Simd
    readonly caches: readonly Cache[]
  }
  readonly memory: {
    readonly totalBytes: number
    /** The least of the machine's memory and the container's limit. */
    readonly limitBytes: number
    /** What can be taken now without swapping. */
    readonly availableBytes: number
    /** The container's limit, where it has one. */
    readonly groupLimitBytes?: number
  }
  readonly runtime: {
    readonly name: string
    readonly version: string
    readonly v8?: string
    readonly wasm: WasmFeatures
    readonly float16Array: boolean
    /** Threads can share memory here (in a browser: the page is cross-origin isolated). */
    readonly sharedMemory: boolean
    readonly webGpu: boolean
  }
}

type Os = typeof import('node:os')

interface ProcessLike {
  readonly platform?: string
  readonly arch?: string
  readonly version?: string
  readonly versions?: { readonly v8?: string; readonly bun?: string; readonly deno?: string }
}

const theProcess = (globalThis as { process?: ProcessLike }).process

/** The C library, from the maps of this process. */
const libcOf = (files: SystemFiles): string | undefined => {
  const maps = files.read('/proc/self/maps') ?? ''
  if (/\/ld-musl-/.test(maps)) return 'musl'
  return /\/libc[.-][^/\n]*so/.test(maps) ? 'glibc' : undefined
}

const describeSystem = (os: Os | undefined, files: SystemFiles): Machine['system'] => {
  const platform = theProcess?.platform ?? 'browser'
  const distribution = /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(files.read('/etc/os-release') ?? '')?.[1]
  const libc = platform === 'linux' ? libcOf(files) : undefined
  return {
    platform,
    arch: theProcess?.arch ?? 'unknown',
    release: os?.release() ?? 'unknown',
    ...(distribution !== undefined && platform === 'linux' && { distribution }),
    ...(libc !== undefined && { libc }),
  }
}

/**
 * `usableCores`: Node's own count already heeds affinity, and newer ones the quota; heed both ourselves for the older
 * ones.
 */
export const usableCores = (available: number, affinity?: number, quota?: number): number =>
  Math.max(1, Math.floor(Math.min(available, affinity ?? Infinity, quota ?? Infinity)))

const describeCpu = (os: Os | undefined, files: SystemFiles, quota: number | undefined): Machine['cpu'] => {
  const cpuinfo = files.read('/proc/cpuinfo')
  const cpus = os?.cpus() ?? []
  const hardware = (globalThis as { navigator?: { hardwareConcurrency?: number } }).navigator?.hardwareConcurrency
  const logical = cpus.length || hardware || 1
  const affinity = affinityCores(files)
  const physical = physicalCores(cpuinfo)
  const nodes = files.list('/sys/devices/system/node').filter(name => /^node\d+$/.test(name)).length
  return {
    model: cpus[0]?.model.trim().replace(/\s+/g, ' ') || 'unknown',
    logicalCores: logical,
    ...(physical !== undefined && { physicalCores: physical }),
    usableCores: usableCores(os?.availableParallelism?.() ?? logical, affinity, quota),
    ...(affinity !== undefined && { affinityCores: affinity }),
    ...(quota !== undefined && { quotaCores: quota }),
    numaNodes: Math.max(1, nodes),
    simd: simdOf(cpuinfo, theProcess?.arch ?? 'unknown'),
    caches: cachesOf(files),
  }
}

const describeRuntime = (): Machine['runtime'] => {
  const versions = theProcess?.versions
  const name = versions?.bun ? 'bun' : versions?.deno ? 'deno' : theProcess?.version ? 'node' : 'browser'
  const isolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated
  const version =
    name === 'node' ? theProcess!.version!.replace(/^v/, '') : (versions?.bun ?? versions?.deno ?? 'unknown')
  return {
    name,
    version,
    ...(versions?.v8 !== undefined && { v8: versions.v8 }),
    wasm: probeWasm(),
    float16Array: 'Float16Array' in globalThis,
    sharedMemory: typeof SharedArrayBuffer === 'function' && (name !== 'browser' || isolated === true),
    webGpu: (globalThis as { navigator?: { gpu?: unknown } }).navigator?.gpu !== undefined,
  }
}

/** Describes the machine anew, from the given files. Takes some 10 ms the first time, 1 ms after. */
export const describeMachine = (files: SystemFiles = realFiles): Machine => {
  const os = nodeModule<Os>('node:os')
  const group = groupLimits(files)
  const total = os?.totalmem() ?? 0
  const limit = Math.min(total, group.memoryBytes ?? Infinity)
  const kernelSays = /^MemAvailable:\s*(\d+) kB$/m.exec(files.read('/proc/meminfo') ?? '')?.[1]
  const available = kernelSays === undefined ? (os?.freemem() ?? 0) : Number(kernelSays) * 1024
  return {
    system: describeSystem(os, files),
    cpu: describeCpu(os, files, group.cpuCores),
    memory: {
      totalBytes: total,
      limitBytes: limit,
      availableBytes: Math.min(available, limit, group.memoryFreeBytes ?? Infinity),
      ...(group.memoryBytes !== undefined && { groupLimitBytes: group.memoryBytes }),
    },
    runtime: describeRuntime(),
  }
}

let described: Machine | undefined

/** This machine, described once for each thread; `memory.availableBytes` is of the first call. */
export const machine = (): Machine => {
  described ??= describeMachine()
  return described
}
