/** What there is to say about a machine, as data: `skein doctor --json` prints it, `report.ts` tells it. */
import { linalg } from '@skein/array'
import { type Engine, type Machine, machine, probeEngines } from '@skein/base'
import { heap } from '@skein/heap'
import { type BackendName, defaultBackend, kernel } from '@skein/kernel'
import { defaultTeam } from '@skein/team'
import { version } from '../program.ts'

export interface Findings {
  readonly skein: string
  readonly machine: Machine
  readonly backends: readonly BackendFinding[]
  readonly heap: HeapFinding
  readonly team: { readonly threads: number; readonly from: 'SKEIN_THREADS' | 'cores' }
  readonly linearAlgebra: LinearAlgebraFinding
  readonly engines: readonly Engine[]
}

export interface BackendFinding {
  readonly name: BackendName
  readonly gives: string
  /** Kernels run on it that are not told otherwise. */
  readonly isDefault: boolean
  /** A small kernel ran on it and gave the right answer. */
  readonly runs: boolean
  /** From source to result, the first time: parsing, compiling, starting threads. */
  readonly firstCallMs?: number
  /** Why it does not run. */
  readonly reason?: string
}

export interface LinearAlgebraFinding {
  readonly provider: linalg.ProviderChoice
  /** The library of this machine, and that it can be called. */
  readonly library?: linalg.LapackLibrary
  /** Why there is none. */
  readonly reason?: string
}

export interface HeapFinding {
  readonly addresses: 'memory64' | 'memory32'
  /** What it can grow to. Address space, not memory. */
  readonly reservedBytes: number
  readonly committedBytes: number
  readonly from: 'SKEIN_HEAP' | 'SKEIN_HEAP_MAX' | 'the engine'
}

const backends: Record<BackendName, string> = {
  wasm: 'every lane and core by WebAssembly SIMD',
  x64: 'machine code for AVX2 and AVX-512, on arrays where they are',
  reference: 'plain and slow, with console.log and a debugger: what the others are compared with',
}

export async function examine(): Promise<Findings> {
  const engines = probeEngines()
  return {
    skein: version(),
    machine: machine(),
    backends: tryBackends(),
    heap: examineHeap(),
    team: { threads: defaultTeam().threads, from: process.env.SKEIN_THREADS ? 'SKEIN_THREADS' : 'cores' },
    linearAlgebra: examineLinearAlgebra(),
    engines: await engines,
  }
}

function tryBackends(): BackendFinding[] {
  const usual = defaultBackend()
  const names = Object.keys(backends) as BackendName[]
  return names.map(name => ({ name, gives: backends[name], isDefault: name === usual, ...tryBackend(name) }))
}

function tryBackend(name: BackendName): Pick<BackendFinding, 'runs' | 'firstCallMs' | 'reason'> {
  const n = 1000
  try {
    const started = performance.now()
    const x = heap.f32(n)
    kernel(
      (i, out: Float32Array) => {
        out[i] = i * 0.5
      },
      { name: 'trial' },
    ).on(name)(n, x)
    const firstCallMs = Math.round((performance.now() - started) * 100) / 100
    const wrong = x.findIndex((value, i) => value !== i * 0.5)
    if (wrong >= 0) return { runs: false, reason: `it gave ${x[wrong]} where ${wrong * 0.5} is right` }
    return { runs: true, firstCallMs }
  } catch (error) {
    return { runs: false, reason: (error as Error).message }
  }
}

function examineLinearAlgebra(): LinearAlgebraFinding {
  const usual = linalg.provider()
  try {
    linalg.provider('lapack')
    linalg.provider(usual)
    return { provider: usual, library: linalg.lapackLibrary()! }
  } catch (error) {
    const { message, reason } = error as Error & { reason?: string }
    return { provider: usual, reason: reason ?? message }
  }
}

function examineHeap(): HeapFinding {
  const { memory64, reservedBytes, committedBytes } = heap.stats()
  const { SKEIN_HEAP, SKEIN_HEAP_MAX } = process.env
  return {
    addresses: memory64 ? 'memory64' : 'memory32',
    reservedBytes,
    committedBytes,
    from: SKEIN_HEAP_MAX ? 'SKEIN_HEAP_MAX' : SKEIN_HEAP ? 'SKEIN_HEAP' : 'the engine',
  }
}
