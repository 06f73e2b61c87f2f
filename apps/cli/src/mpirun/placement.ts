/** Which rank goes on which cores of this machine: `--map-by`, `--rank-by` and `--bind-to` as far as threads know them. */
import { readdirSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { basename } from 'node:path'
import { NotSupportedError } from '@skein/base'
import { UsageError } from '../errors.ts'
import { nearest } from '../nearest.ts'
import { table } from '../table.ts'
import type { Program } from './programs.ts'

/** Hardware threads of the machine, by the system's numbers, and what they are parts of. */
export interface Topology {
  readonly hwthreads: readonly number[]
  /** Of each core its hardware threads. */
  readonly cores: readonly (readonly number[])[]
  readonly sockets: readonly (readonly number[])[]
  readonly numas: readonly (readonly number[])[]
}

export interface Placement {
  /** For each rank, the hardware threads it is put on. */
  readonly on: readonly Part[]
  readonly bound: boolean
}

type Part = readonly number[]

/** What ranks can go by, and the parts of this machine that it means. */
const objects: Readonly<Record<string, (topology: Topology) => readonly Part[]>> = {
  slot: ({ cores }) => cores,
  hwthread: ({ hwthreads }) => hwthreads.map(cpu => [cpu]),
  core: ({ cores }) => cores,
  socket: ({ sockets }) => sockets,
  package: ({ sockets }) => sockets,
  numa: ({ numas }) => numas,
  node: ({ hwthreads }) => [hwthreads],
  board: ({ hwthreads }) => [hwthreads],
}
/** What mpirun knows besides. */
const others = ['l1cache', 'l2cache', 'l3cache', 'seq', 'sequential', 'dist', 'ppr', 'rankfile', 'cpu-list']

interface By {
  readonly object: string
  readonly modifiers: readonly string[]
}

/** `core`, `socket:PE=2,SPAN`, `ppr:2:node`. @throws UsageError for words that no launcher knows */
export function readBy(option: string, text: string, more: readonly string[] = []): By {
  const [object, ...rest] = text.toLowerCase().split(':')
  const known = [...Object.keys(objects), ...others, ...more]
  if (object !== '' && !known.includes(object)) {
    const meant = nearest(object, known)
    throw new UsageError(
      'mpirun',
      `${option} ${text}: there is no ${object} to go by. ${meant ? `Did you mean ${meant}?` : `There are ${known.join(', ')}.`}`,
    )
  }
  return { object, modifiers: rest.flatMap(part => part.split(',')) }
}

interface Wishes {
  readonly mapBy?: string
  readonly rankBy?: string
  readonly bindTo?: string
}

/** Puts ranks on cores in turn: neighbours next to each other, or on different sockets when it is by socket. */
export function placeOnThreads(size: number, { mapBy, rankBy, bindTo }: Wishes, topology = readTopology()): Placement {
  const map = readBy('--map-by', mapBy ?? 'slot')
  const rank = readBy('--rank-by', rankBy ?? 'slot')
  const bind = readBy('--bind-to', bindTo ?? 'none', ['none'])
  for (const [option, { object }] of Object.entries({ '--map-by': map, '--rank-by': rank, '--bind-to': bind })) {
    if (object === 'none' || object === '' || object in objects) continue
    const advice = 'Go by slot, hwthread, core, socket, numa or node, or use --engine openmpi'
    throw new NotSupportedError('threads', `${option} ${object}`, 'ranks that are threads do not know of it', advice)
  }
  if (rank.object !== 'slot' && rank.object !== map.object && rank.object !== '') {
    const reason = 'ranks that are threads are numbered as they are put on cores'
    throw new NotSupportedError(
      'threads',
      `--rank-by ${rankBy} with --map-by ${map.object}`,
      reason,
      'Leave it out, or use --engine openmpi',
    )
  }
  let width = 1
  for (const modifier of map.modifiers) {
    const [, elements] = /^pe=(\d+)$/.exec(modifier) ?? []
    if (elements !== undefined) width = Math.max(1, Number(elements))
    else if (modifier === 'nooversubscribe') {
      if (size * width > topology.cores.length) {
        throw new UsageError('mpirun', `--map-by ${mapBy}: ${size} ranks do not fit on ${topology.cores.length} cores`)
      }
    } else if (!['oversubscribe', 'span', ''].includes(modifier)) {
      throw new NotSupportedError('threads', `--map-by …:${modifier}`, 'ranks that are threads do not know of it')
    }
  }
  const order = inTurn(map.object, topology)
  const on = Array.from({ length: size }, (_, r) => {
    const units = Array.from({ length: width }, (_, k) => order[(r * width + k) % order.length] ?? [])
    return widen(bind.object, units.flat(), topology)
  })
  return { on, bound: bind.object !== 'none' }
}

/** Cores in the order in which ranks come to them: of each part one, then of each the next. */
function inTurn(object: string, topology: Topology): readonly Part[] {
  const parts = objects[object || 'slot'](topology)
  if (object === 'hwthread') return parts
  const each = parts.map(part => topology.cores.filter(([first]) => part.includes(first)))
  if (each.every(cores => cores.length <= 1)) return topology.cores
  const longest = Math.max(...each.map(cores => cores.length))
  return Array.from({ length: longest }, (_, k) => each.flatMap(cores => cores.slice(k, k + 1))).flat()
}

/** All of the parts that some of these hardware threads are in: the socket of a core. */
function widen(object: string, cpus: Part, topology: Topology): Part {
  if (object === 'none') return topology.hwthreads
  if (object === 'hwthread') return cpus.slice(0, 1)
  const parts = objects[object || 'core'](topology)
  return [...new Set(parts.filter(part => cpus.some(cpu => part.includes(cpu))).flat())]
}

/** As Linux tells it, without what this process may not use; elsewhere every hardware thread is a core, and all one socket. */
export function readTopology(): Topology {
  const usable = usableCores()
  const listed = (cpu: number, name: string): readonly number[] => {
    try {
      return coresOf(readFileSync(`/sys/devices/system/cpu/cpu${cpu}/topology/${name}`, 'utf8'))
    } catch {
      return [cpu]
    }
  }
  const parts = (listOf: (cpu: number) => readonly number[]): number[][] => {
    const seen = new Map<string, number[]>()
    for (const cpu of usable) {
      const part = listOf(cpu).filter(other => usable.includes(other))
      seen.set(part.join(), part)
    }
    return [...seen.values()]
  }
  return {
    hwthreads: usable,
    cores: parts(cpu => listed(cpu, 'thread_siblings_list')),
    sockets: parts(cpu => listed(cpu, 'core_siblings_list')),
    numas: numaNodes()
      .map(node => node.filter(cpu => usable.includes(cpu)))
      .filter(node => node.length > 0),
  }
}

/** The cores that this process may use, as the system numbers them; empty where it does not tell. */
function usableCores(): number[] {
  try {
    const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
    return coresOf(list ?? '')
  } catch {
    return []
  }
}

/** The numbers of Linux's lists: `0-3,8`. */
function coresOf(list: string): number[] {
  const ranges = list.trim().split(',').filter(Boolean)
  return ranges.flatMap(range => {
    const [first, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })
}

function numaNodes(): number[][] {
  try {
    const folder = '/sys/devices/system/node'
    const nodes = readdirSync(folder).filter(name => /^node\d+$/.test(name))
    return nodes.map(node => coresOf(readFileSync(`${folder}/${node}/cpulist`, 'utf8')))
  } catch {
    return []
  }
}

/** For `--display-map`. */
export function mapText(programs: readonly Program[], { on, bound }: Placement): string {
  const files = programs.flatMap(({ ranks, file }) => Array<string>(ranks).fill(basename(file)))
  const rows = files.map((file, rank) => {
    const cores = on[rank]
    const where = cores.length === 0 ? 'any core' : `${cores.length === 1 ? 'core' : 'cores'} ${rangesOf(cores)}`
    return [`rank ${rank}`, file, bound ? `stays on ${where}` : where]
  })
  return `${hostname()}: ${files.length} ranks, as threads\n${table(rows, { indent: 2 })}`
}

/** `0-3,8` */
export function rangesOf(numbers: readonly number[]): string {
  const parts: [number, number][] = []
  for (const n of [...numbers].sort((a, b) => a - b)) {
    const last = parts.at(-1)
    if (last?.[1] === n - 1) last[1] = n
    else parts.push([n, n])
  }
  return parts.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',')
}
