/**
 * What the CPU can do, asked of itself: CPUID says what it has, XGETBV which registers the system saves when threads change places. `SKEIN_ISA=avx2` or `avx512` narrows what is used.
 * Leaves and bits are those of the Intel manual (volume 2, CPUID) and AMD's (volume 3, appendix E).
 */

import { NotSupportedError } from '@skein/base'
import { withoutTermination } from '@skein/team/native'
import { Assembler } from '../encode/assembler.ts'
import { gpr, Memory, type Register } from '../encode/operands.ts'
import { addressOf } from './addresses.ts'
import { CodePages } from './pages.ts'
import { system, systemRefusal } from './system.ts'

export type Isa = 'avx2' | 'avx512'

type Answer = readonly [eax: number, ebx: number, ecx: number, edx: number]
type Place = readonly [leaf: number, subleaf: number, register: 0 | 1 | 2 | 3, bit: number]

/** Registers that the system has to save. */
type State = 'ymm' | 'zmm'

const [eax, ebx, ecx, edx] = [0, 1, 2, 3] as const
const extended = 0x80000001

const bits = {
  avx2: { at: [7, 0, ebx, 5], state: 'ymm' },
  fma: { at: [1, 0, ecx, 12], state: 'ymm' },
  f16c: { at: [1, 0, ecx, 29], state: 'ymm' },
  bmi1: { at: [7, 0, ebx, 3], state: undefined },
  bmi2: { at: [7, 0, ebx, 8], state: undefined },
  lzcnt: { at: [extended, 0, ecx, 5], state: undefined },
  popcnt: { at: [1, 0, ecx, 23], state: undefined },
  avxvnni: { at: [7, 1, eax, 4], state: 'ymm' },
  avx512f: { at: [7, 0, ebx, 16], state: 'zmm' },
  avx512dq: { at: [7, 0, ebx, 17], state: 'zmm' },
  avx512ifma: { at: [7, 0, ebx, 21], state: 'zmm' },
  avx512cd: { at: [7, 0, ebx, 28], state: 'zmm' },
  avx512bw: { at: [7, 0, ebx, 30], state: 'zmm' },
  avx512vl: { at: [7, 0, ebx, 31], state: 'zmm' },
  avx512vbmi: { at: [7, 0, ecx, 1], state: 'zmm' },
  avx512vbmi2: { at: [7, 0, ecx, 6], state: 'zmm' },
  avx512vnni: { at: [7, 0, ecx, 11], state: 'zmm' },
  avx512fp16: { at: [7, 0, edx, 23], state: 'zmm' },
  avx512bf16: { at: [7, 1, eax, 5], state: 'zmm' },
} as const satisfies { readonly [name: string]: { readonly at: Place; readonly state: State | undefined } }

export type Feature = keyof typeof bits

/** What code of each kind takes for granted. */
const needs: { readonly [isa in Isa]: readonly Feature[] } = {
  avx2: ['avx2', 'fma', 'bmi1', 'bmi2', 'lzcnt', 'popcnt', 'f16c'],
  avx512: ['avx512f', 'avx512vl', 'avx512dq', 'avx512bw', 'avx512cd'],
}

export interface Cache {
  readonly level: number
  readonly kind: 'data' | 'instructions' | 'unified'
  readonly bytes: number
  readonly lineBytes: number
  /** Hardware threads that share it, at most. */
  readonly sharedBy: number
}

export interface Cpu {
  readonly vendor: string
  readonly brand: string
  /** What it has and the system lets threads use. */
  readonly features: ReadonlySet<Feature>
  readonly caches: readonly Cache[]
  /** The best that it runs; undefined where it lacks what all code needs. */
  readonly isa: Isa | undefined
  /** Of what all code needs. */
  readonly lacks: readonly Feature[]
}

/** XCR0, where OSXSAVE says that there is one. */
const osxsave: Place = [1, 0, ecx, 27]
const savesYmm = 0b110
/** Opmasks, the upper halves of zmm0–15, zmm16–31. */
const savesZmm = 0b1110_0110

/** @param cpuid @param xcr0 which registers the system saves */
export function readCpu(cpuid: (leaf: number, subleaf: number) => Answer, xcr0: () => number): Cpu {
  const [most, ...vendorWords] = cpuid(0, 0)
  const [mostExtended] = cpuid(0x80000000, 0).map(word => word >>> 0)
  const has = ([leaf, subleaf, register, bit]: Place): boolean => {
    if (leaf > (leaf >= 0x80000000 ? mostExtended : most >>> 0)) return false
    // Leaf 7 tells how many subleaves it has.
    if (leaf === 7 && subleaf > cpuid(7, 0)[eax] >>> 0) return false
    return ((cpuid(leaf, subleaf)[register] >>> bit) & 1) === 1
  }
  const saved = has(osxsave) ? xcr0() : 0
  const saves = { ymm: (saved & savesYmm) === savesYmm, zmm: (saved & savesZmm) === savesZmm }
  const names = Object.keys(bits) as Feature[]
  const features = new Set(
    names.filter(name => {
      const { at, state } = bits[name]
      return has(at) && (state === undefined || saves[state])
    }),
  )
  const lacks = needs.avx2.filter(name => !features.has(name))
  const isWide = needs.avx512.every(name => features.has(name))
  const [ebxWord, ecxWord, edxWord] = vendorWords
  const vendor = textOf([ebxWord, edxWord, ecxWord])
  const brand =
    mostExtended >= 0x80000004 ? textOf([2, 3, 4].flatMap(leaf => [...cpuid(0x80000000 + leaf, 0)])) : vendor
  // AMD has the leaf of caches where it says so (TOPOEXT); Intel's is older than AVX2.
  const leaf = vendor === 'GenuineIntel' ? 4 : has([extended, 0, ecx, 22]) ? 0x8000001d : undefined
  return {
    vendor,
    brand,
    features,
    caches: leaf === undefined ? [] : cachesOf(subleaf => cpuid(leaf, subleaf)),
    isa: lacks.length > 0 ? undefined : isWide ? 'avx512' : 'avx2',
    lacks,
  }
}

const textOf = (words: readonly number[]): string =>
  new TextDecoder()
    .decode(new Uint8Array(Int32Array.from(words).buffer))
    .replace(/\0.*$/s, '')
    .trim()

function cachesOf(cpuid: (subleaf: number) => Answer): Cache[] {
  const kinds = [undefined, 'data', 'instructions', 'unified'] as const
  const caches: Cache[] = []
  for (let subleaf = 0; subleaf < 16; subleaf++) {
    const [a, b, c] = cpuid(subleaf)
    const kind = kinds[a & 31]
    if (kind === undefined) break
    const lineBytes = (b & 0xfff) + 1
    const partitions = ((b >>> 12) & 0x3ff) + 1
    const ways = (b >>> 22) + 1
    caches.push({
      level: (a >>> 5) & 7,
      kind,
      bytes: lineBytes * partitions * ways * ((c >>> 0) + 1),
      lineBytes,
      sharedBy: ((a >>> 14) & 0xfff) + 1,
    })
  }
  return caches
}

/** Of `cpuid`: leaf and subleaf are read from four words of 32 bits at an address, the answer is written there. And of `xgetbv`. */
function askingFunctions(words: number): { readonly bytes: Uint8Array; readonly xgetbvAt: number } {
  const code = new Assembler()
  const [a, c, d, b] = gpr[32]
  const [r8, rbx] = [gpr[64][8], gpr[64][3]]
  const word = (base: Register, k: number) => new Memory({ base, disp: 4 * k })
  code.general('push', [rbx])
  code.general('mov', [r8, BigInt(words)])
  code.general('mov', [a, word(r8, 0)])
  code.general('mov', [c, word(r8, 1)])
  code.general('cpuid')
  for (const [k, register] of [a, b, c, d].entries()) code.general('mov', [word(r8, k), register])
  code.general('pop', [rbx])
  code.general('ret')
  code.align(16)
  const xgetbvAt = code.at
  code.general('xor', [c, c])
  code.general('xgetbv')
  code.general('mov', [r8, BigInt(words)])
  code.general('mov', [word(r8, 0), a])
  code.general('ret')
  return { bytes: code.finish().bytes, xgetbvAt }
}

function readThisCpu(): Cpu {
  const { entry } = system()
  const words = new Int32Array(4)
  const { bytes, xgetbvAt } = askingFunctions(addressOf(words))
  using pages = new CodePages(bytes)
  const ask = entry(pages.address)
  const askState = entry(pages.address + xgetbvAt)
  const known = new Map<string, Answer>()
  const cpuid = (leaf: number, subleaf: number): Answer => {
    const key = `${leaf}.${subleaf}`
    let answer = known.get(key)
    if (answer === undefined) {
      words[0] = leaf
      words[1] = subleaf
      ask()
      known.set(key, (answer = [words[0], words[1], words[2], words[3]]))
    }
    return answer
  }
  return readCpu(cpuid, () => (askState(), words[0]))
}

let thisCpu: Cpu | undefined

/** @throws NotSupportedError where machine code cannot run at all */
export const cpu = (): Cpu => (thisCpu ??= withoutTermination(readThisCpu))

/** What was chosen, or why nothing can be. */
export function chooseIsa(
  { isa, lacks, brand }: Pick<Cpu, 'isa' | 'lacks' | 'brand'>,
  asked: string | undefined,
): { readonly isa: Isa } | { readonly refusal: string } {
  if (isa === undefined) return { refusal: `the CPU (${brand}), or the system, has no ${lacks.join(', ')}` }
  if (asked === undefined || asked === '') return { isa }
  if (asked !== 'avx2' && asked !== 'avx512') return { refusal: `SKEIN_ISA is avx2 or avx512, but it is ${asked}` }
  if (asked === 'avx512' && isa !== 'avx512')
    return { refusal: `SKEIN_ISA=avx512, and the CPU (${brand}), or the system, has no ${needs.avx512.join(', ')}` }
  return { isa: asked }
}

/** Why no kernel can run as machine code here; undefined where it can. */
export function refusal(): string | undefined {
  const reason = systemRefusal()
  if (reason !== undefined) return reason
  const chosen = chooseIsa(cpu(), process.env.SKEIN_ISA)
  return 'refusal' in chosen ? chosen.refusal : undefined
}

/** @throws NotSupportedError where there is none */
export function isa(): Isa {
  const chosen = chooseIsa(cpu(), process.env.SKEIN_ISA)
  if ('refusal' in chosen) throw new NotSupportedError('x64', 'machine code', chosen.refusal)
  return chosen.isa
}
