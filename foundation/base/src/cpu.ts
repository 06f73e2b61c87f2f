/**
 * The processor: its vectors, its caches, and which of its cores this process may use. Read from Linux's /proc and
 * /sys.
 */

import { countList, type SystemFiles } from './system-files.ts'

/**
 * The widest family of vector instructions that can be relied on whole: `avx512` needs F, BW, DQ and VL; `avx2` needs
 * FMA too. `unknown` where the system does not say.
 */
export type SimdLevel = 'avx512' | 'avx2' | 'avx' | 'sse4.2' | 'sse2' | 'sve2' | 'sve' | 'neon' | 'rvv' | 'unknown'

export interface Simd {
  readonly level: SimdLevel
  /** Bits in one vector at this level: 512, 256, 128; 0 when unknown. */
  readonly bits: number
  /** The vector extensions the processor names, as /proc/cpuinfo spells them. */
  readonly extensions: readonly string[]
}

export interface Cache {
  readonly level: number
  readonly type: 'data' | 'instruction' | 'unified'
  readonly bytes: number
  readonly lineBytes: number
  /** Logical cores that share it. */
  readonly sharedBy: number
}

const vectorFlag =
  /^(sse|ssse|avx|fma|f16c|amx|gfni|vaes|vpclmulqdq|popcnt|bmi|asimd|neon|sve|sme(?!p)|fp16|fphp|i8mm|bf16|vsx|altivec)/

/** From the `flags` (x86) or `Features` (ARM) of the first processor. */
export const simdOf = (cpuinfo: string | undefined, arch: string): Simd => {
  const flags =
    /^(?:flags|Features)\s*:\s*(.*)$/m
      .exec(cpuinfo ?? '')?.[1]
      ?.trim()
      .split(/\s+/) ?? []
  const has = (...names: string[]): boolean => names.every(name => flags.includes(name))
  const found = (level: SimdLevel, bits: number): Simd => ({
    level,
    bits,
    extensions: flags.filter(flag => vectorFlag.test(flag)).sort(),
  })
  if (has('avx512f', 'avx512bw', 'avx512dq', 'avx512vl')) return found('avx512', 512)
  if (has('avx2', 'fma')) return found('avx2', 256)
  if (has('avx')) return found('avx', 256)
  if (has('sse4_2')) return found('sse4.2', 128)
  if (has('sse2')) return found('sse2', 128)
  // SVE's width is the implementation's; 128 is what every one has.
  if (has('sve2')) return found('sve2', 128)
  if (has('sve')) return found('sve', 128)
  // AArch64 cannot be without NEON, whatever the system tells.
  if (has('asimd') || has('neon') || arch === 'arm64') return found('neon', 128)
  if (/^isa\s*:\s*rv\d+[a-z]*v/m.test(cpuinfo ?? '')) return found('rvv', 128)
  return found('unknown', 0)
}

const sizeBytes = (text: string | undefined): number => {
  const match = /^(\d+)\s*([KMG]?)/.exec(text?.trim() ?? '')
  return match ? Number(match[1]) * { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 }[match[2] as '' | 'K' | 'M' | 'G'] : 0
}

/** The caches seen by the first core, nearest first. */
export const cachesOf = (files: SystemFiles): Cache[] => {
  const folder = '/sys/devices/system/cpu/cpu0/cache'
  const caches: Cache[] = []
  for (const index of files.list(folder)) {
    if (!/^index\d+$/.test(index)) continue
    const field = (name: string): string | undefined => files.read(`${folder}/${index}/${name}`)?.trim()
    const type = field('type')?.toLowerCase()
    const bytes = sizeBytes(field('size'))
    if (bytes === 0 || (type !== 'data' && type !== 'instruction' && type !== 'unified')) continue
    caches.push({
      level: Number(field('level') ?? 0),
      type,
      bytes,
      lineBytes: Number(field('coherency_line_size') ?? 64),
      sharedBy: Math.max(1, countList(field('shared_cpu_list') ?? '0')),
    })
  }
  return caches.sort((a, b) => a.level - b.level || a.type.localeCompare(b.type))
}

/** How many cores the affinity mask of this process allows; undefined where the system does not say. */
export const affinityCores = (files: SystemFiles): number | undefined => {
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(files.read('/proc/self/status') ?? '')?.[1]
  return list === undefined ? undefined : countList(list) || undefined
}

/** Physical cores: distinct pairs of package and core; undefined where the system does not say. */
export const physicalCores = (cpuinfo: string | undefined): number | undefined => {
  const cores = new Set<string>()
  for (const processor of (cpuinfo ?? '').split(/\n\s*\n/)) {
    const core = /^core id\s*:\s*(\d+)/m.exec(processor)?.[1]
    if (core !== undefined) cores.add(`${/^physical id\s*:\s*(\d+)/m.exec(processor)?.[1] ?? 0}:${core}`)
  }
  return cores.size || undefined
}
