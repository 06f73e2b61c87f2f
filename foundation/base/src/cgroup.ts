/**
 * What a container allows: the CPU quota and the memory limit of this process's control group, in either version of the
 * kernel's interface, and of every group above it (a limit binds all below it; the least one counts).
 */

import type { SystemFiles } from './system-files.ts'

export interface GroupLimits {
  /** CPU time per wall time, in cores: 1.5 means 150 ms in each 100 ms. */
  readonly cpuCores?: number
  readonly memoryBytes?: number
  /** What may still be taken under the tightest memory limit; file cache counts as free. */
  readonly memoryFreeBytes?: number
}

interface Hierarchy {
  readonly version: 1 | 2
  /** Folders of this process's group and those above it, innermost first. */
  readonly folders: readonly string[]
}

/**
 * A v1 controller's folders, or the unified v2 ones, by /proc/self/cgroup and where /proc/self/mountinfo says they
 * are mounted.
 */
const hierarchyOf = (files: SystemFiles, controller: string): Hierarchy | undefined => {
  const groups = (files.read('/proc/self/cgroup') ?? '').trim().split('\n')
  const mounts = (files.read('/proc/self/mountinfo') ?? '').trim().split('\n')
  const find = (version: 1 | 2): Hierarchy | undefined => {
    const group = groups
      .map(line => /^\d+:([^:]*):(.*)$/.exec(line))
      .find(match => match && (version === 2 ? match[1] === '' : match[1]!.split(',').includes(controller)))
    if (!group) return undefined
    for (const line of mounts) {
      // id parent major:minor root mountpoint options... - type source superoptions
      const [left, right] = line.split(' - ')
      const [, , , root, mountPoint] = (left ?? '').split(' ')
      const [type, , options] = (right ?? '').split(' ')
      if (type !== (version === 2 ? 'cgroup2' : 'cgroup')) continue
      if (version === 1 && !(options ?? '').split(',').includes(controller)) continue
      return { version, folders: foldersUpFrom(mountPoint!, pathWithin(root!, group[2]!)) }
    }
    return undefined
  }
  // On a hybrid system the controller is in v1, and v2 knows the group but not the limit.
  return find(1) ?? find(2) ?? { version: 2, folders: ['/sys/fs/cgroup'] }
}

/** A group's path as seen from a mount of `root`: inside a container both may be the host's. */
const pathWithin = (root: string, group: string): string => {
  if (root === '/') return group
  return group === root || group.startsWith(`${root}/`) ? group.slice(root.length) : ''
}

const foldersUpFrom = (mountPoint: string, path: string): string[] => {
  const parts = path.split('/').filter(part => part !== '' && part !== '..')
  return Array.from({ length: parts.length + 1 }, (_, up) =>
    [mountPoint, ...parts.slice(0, parts.length - up)].join('/').replace(/\/+$/, ''),
  )
}

const numberIn = (text: string | undefined): number | undefined => {
  const trimmed = text?.trim()
  return trimmed !== undefined && /^-?\d+$/.test(trimmed) ? Number(trimmed) : undefined
}

const cpuCores = (files: SystemFiles): number | undefined => {
  const hierarchy = hierarchyOf(files, 'cpu')
  const limits = (hierarchy?.folders ?? []).map(folder => {
    const [quota, period] =
      hierarchy!.version === 2
        ? (files.read(`${folder}/cpu.max`) ?? '').trim().split(' ')
        : [files.read(`${folder}/cpu.cfs_quota_us`), files.read(`${folder}/cpu.cfs_period_us`)]
    const [allowed, per] = [numberIn(quota), numberIn(period)]
    // v2 writes "max", v1 -1, for no limit.
    return allowed !== undefined && per !== undefined && allowed > 0 && per > 0 ? allowed / per : Infinity
  })
  const least = Math.min(...limits)
  return least === Infinity ? undefined : least
}

/** v1 writes the largest page-aligned 63-bit number for no limit. */
const noMemoryLimit = 2 ** 60

const memory = (files: SystemFiles): { limitBytes: number; freeBytes?: number } | undefined => {
  const hierarchy = hierarchyOf(files, 'memory')
  const names =
    hierarchy?.version === 2
      ? { limit: 'memory.max', used: 'memory.current', cache: /^inactive_file (\d+)$/m }
      : { limit: 'memory.limit_in_bytes', used: 'memory.usage_in_bytes', cache: /^total_inactive_file (\d+)$/m }
  let limitBytes = Infinity
  let freeBytes = Infinity
  for (const folder of hierarchy?.folders ?? []) {
    const limit = numberIn(files.read(`${folder}/${names.limit}`))
    if (limit === undefined || limit <= 0 || limit >= noMemoryLimit) continue
    limitBytes = Math.min(limitBytes, limit)
    const used = numberIn(files.read(`${folder}/${names.used}`))
    if (used === undefined) continue
    const cache = Number(names.cache.exec(files.read(`${folder}/memory.stat`) ?? '')?.[1] ?? 0)
    freeBytes = Math.min(freeBytes, Math.max(0, limit - Math.max(0, used - cache)))
  }
  if (limitBytes === Infinity) return undefined
  return freeBytes === Infinity ? { limitBytes } : { limitBytes, freeBytes }
}

/** The limits of this process's control groups on Linux; empty where there are none. */
export const groupLimits = (files: SystemFiles): GroupLimits => {
  const cores = cpuCores(files)
  const bytes = memory(files)
  return {
    ...(cores !== undefined && { cpuCores: cores }),
    ...(bytes !== undefined && { memoryBytes: bytes.limitBytes }),
    ...(bytes?.freeBytes !== undefined && { memoryFreeBytes: bytes.freeBytes }),
  }
}
