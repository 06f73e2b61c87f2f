/** The findings told to a person. */
import { describeBytes, type Engine } from '@skein/base'
import { styleFor } from '../style.ts'
import { table, terminalWidth } from '../table.ts'
import type { Findings, LinearAlgebraFinding } from './findings.ts'

type Row = [label: string, value: string]

export function report(findings: Findings, stream: NodeJS.WriteStream): string {
  const style = styleFor(stream)
  const width = terminalWidth(stream)
  const yes = style('green', '✓')
  const no = style('red', '✗')
  const section = (title: string, body: string): string => `${style('bold', title)}\n${body}`
  const facts = (rows: Row[]): string => table(rows, { indent: 2, gap: 3, width })
  const backends = findings.backends.map(({ name, gives, isDefault, runs, firstCallMs, reason }) => [
    runs ? yes : no,
    name,
    runs ? `first call ${firstCallMs} ms` : 'does not run',
    runs ? `${gives}${isDefault ? '; what kernels run on unless told otherwise' : ''}` : (reason ?? ''),
  ])
  return [
    section(`Machine`, facts(machineRows(findings))),
    section('Backends of kernels', table(backends, { indent: 2, width })),
    section('Memory and threads', facts(runtimeRows(findings))),
    section('Linear algebra of arrays', facts(linearAlgebraRows(findings.linearAlgebra))),
    section('Engines present', presentRows(findings.engines, yes, width)),
    section('Engines absent', absentRows(findings.engines, style, width)),
  ].join('\n\n')
}

function machineRows({ skein, machine: { system, cpu, memory, runtime } }: Findings): Row[] {
  const cores = [
    `${cpu.usableCores} usable`,
    cpu.physicalCores === undefined ? '' : `${cpu.physicalCores} physical`,
    `${cpu.logicalCores} logical`,
    cpu.affinityCores === undefined || cpu.affinityCores === cpu.logicalCores ? '' : `${cpu.affinityCores} by affinity`,
    cpu.quotaCores === undefined ? '' : `${cpu.quotaCores} by quota`,
    cpu.numaNodes > 1 ? `${cpu.numaNodes} NUMA nodes` : '',
  ]
  const caches = cpu.caches.map(
    cache => `L${cache.level} ${cache.type === 'unified' ? '' : `${cache.type} `}${describeBytes(cache.bytes)}`,
  )
  return [
    ['skein', `${skein} on ${runtime.name} ${runtime.version}${runtime.v8 ? ` (V8 ${runtime.v8})` : ''}`],
    [
      'system',
      [system.distribution ?? system.platform, system.release, system.arch, system.libc].filter(Boolean).join(', '),
    ],
    ['processor', cpu.model],
    ['cores', cores.filter(Boolean).join(', ')],
    ['vectors', cpu.simd.level],
    ...(caches.length ? [['caches', caches.join(', ')] as Row] : []),
    [
      'memory',
      `${describeBytes(memory.availableBytes)} available of ${describeBytes(memory.totalBytes)}` +
        (memory.groupLimitBytes === undefined
          ? ''
          : `, limited to ${describeBytes(memory.groupLimitBytes)} by the container`),
    ],
  ]
}

function runtimeRows({ machine: { runtime }, heap, team }: Findings): Row[] {
  const { wasm } = runtime
  const features: [string, boolean][] = [
    ['SIMD', wasm.simd],
    ['relaxed SIMD', wasm.relaxedSimd],
    ['threads', wasm.threads],
    ['memory64', wasm.sharedMemory64],
    ['Float16Array', runtime.float16Array],
    ['shared memory', runtime.sharedMemory],
  ]
  const has = features.filter(([, there]) => there).map(([name]) => name)
  const lacks = features.filter(([, there]) => !there).map(([name]) => name)
  return [
    ['WebAssembly', has.join(', ') + (lacks.length ? `; not ${lacks.join(', ')}` : '')],
    ['heap', `${heap.addresses}, up to ${describeBytes(heap.reservedBytes)} (${heap.from})`],
    [
      'team',
      `${team.threads} ${team.threads === 1 ? 'thread' : 'threads'} (${team.from === 'cores' ? 'the usable cores' : team.from})`,
    ],
  ]
}

function linearAlgebraRows({ provider, library, reason }: LinearAlgebraFinding): Row[] {
  if (library === undefined)
    return [
      ['provider', 'own'],
      ['library', `none: ${reason}`],
    ]
  const { title, version, path, integerBits, threads } = library
  const facts = [
    [title, version].filter(Boolean).join(' '),
    threads === undefined ? '' : `${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    `integers of ${integerBits} bits`,
    path,
  ]
  const told = { own: 'own', lapack: 'the library', auto: "auto: the library for what it does faster than Skein's own" }
  return [
    ['provider', told[provider]],
    ['library', facts.filter(Boolean).join(', ')],
  ]
}

function presentRows(engines: readonly Engine[], yes: string, width: number | undefined): string {
  const rows = engines
    .filter(engine => engine.present)
    .map(engine => {
      const notes = [engine.gives, ...(engine.devices ?? []), engine.note].filter(Boolean)
      return [yes, engine.title, engine.version ?? '', notes.join('; ')]
    })
  return rows.length ? table(rows, { indent: 2, width }) : '  none: everything runs on what comes with Skein'
}

function absentRows(engines: readonly Engine[], style: ReturnType<typeof styleFor>, width: number | undefined): string {
  const absent = engines.filter(engine => !engine.present)
  if (absent.length === 0) return '  none'
  const rows = absent.flatMap(engine => [
    [style('dim', '–'), engine.title, `${engine.gives}; without it: ${engine.without}`],
    ...(engine.note ? [['', '', style('dim', engine.note)]] : []),
    ['', '', `${style('dim', 'get it:')} ${engine.get}`],
  ])
  return table(rows, { indent: 2, width })
}
