/**
 * Writes the README's tables of measured figures from bench/results/<suite>.json, each between the markers
 * <!-- bench:<suite> --> and <!-- /bench:<suite> -->. With `--check` it writes nothing and exits 1 when they differ.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { type Column, markdownTable, replaceBetween } from './harness/markdown.ts'
import { type Row, readRows } from './harness/results.ts'
import type { BenchCase } from './harness/suite.ts'
import { amount, count } from './harness/table.ts'
import { repository } from './harness/toolchain.ts'
import { cases as rpcCases } from './rpc/cases.ts'
import { cases as taskCases } from './tasks/cases.ts'

const plain: Column = { title: 'plain JS, 1 thread', who: ['plain JS'], threads: 1 }
const columns: Column[] = [
  { title: 'Skein, wasm', who: ['skein:wasm'] },
  { title: '`fast`', who: ['skein:wasm(fast)'] },
  // Names of the same peer begin alike; the first row is the strict build.
  { title: 'C gcc -O3', who: ['C gcc'] },
  { title: 'Numba', who: ['Numba'] },
  { title: 'NumPy, SciPy', who: ['NumPy', 'SciPy'] },
  { title: 'gpu.js', who: ['gpu.js'] },
  plain,
]

export function kernelsTable(rows: readonly Row[]): string {
  const threads = rows.find(row => row.who === 'skein:wasm')?.threads ?? 1
  const shown = rows.filter(row => row.case !== 'limit' && row.who !== 'skein:wasm(copies alone)')
  // gpu.js has three modes: its best one stands for it.
  const gpujs = shown.filter(row => row.who.startsWith('gpu.js'))
  const best = new Map<string, Row>()
  for (const row of gpujs) {
    const key = `${row.case} ${row.dtype}`
    const known = best.get(key)
    if (!known || row.seconds.median < known.seconds.median) best.set(key, row)
  }
  const kept = shown.filter(row => !row.who.startsWith('gpu.js') || [...best.values()].includes(row))
  const table = markdownTable(kept, columns, { title: 'over plain JS', over: plain })
  return `On wasm, as where machine code cannot run. Median of one run, ${threads} threads unless the column says otherwise:\n\n${table}`
}

const piscina: Column = { title: 'piscina tuned', who: ['piscina tuned'] }
const taskColumns: Column[] = [
  { title: 'Skein', who: ['skein:threads'] },
  { title: 'postMessage', who: ['postMessage'] },
  piscina,
  { title: 'tinypool tuned', who: ['tinypool tuned'] },
  { title: 'poolifier', who: ['poolifier'] },
  { title: 'comlink', who: ['comlink'] },
  { title: 'multiprocessing', who: ['multiprocessing'] },
  { title: 'Dask', who: ['Dask'] },
  { title: 'Ray', who: ['Ray'] },
  { title: 'plain JS, no worker', who: ['plain JS'], threads: 1 },
]

/** A rate where a case counts something, else what it measures. */
const shownBy = (cases: readonly BenchCase[]) => (row: Row) => {
  const { items, unit } = cases.find(c => c.name === row.case && c.dtype === row.dtype) ?? {}
  if (items) return `${count(items.of(row.n) / row.seconds.median)}/s`
  return amount(row.seconds.median, unit)
}

export function tasksTable(rows: readonly Row[]): string {
  const threads = rows.find(row => row.who === 'skein:threads')?.threads ?? 1
  const table = markdownTable(rows, taskColumns, { title: 'over piscina', over: piscina }, shownBy(taskCases))
  return `Median of one run, ${threads} workers and the program's own thread; what each case is stands in [bench/tasks/cases.ts](bench/tasks/cases.ts):\n\n${table}`
}

const mpiInC: Column = { title: 'C, Open MPI', who: ['C Open MPI'] }
const mpiColumns: Column[] = [
  { title: 'Skein, threads', who: ['skein:threads'] },
  { title: 'with `allocate`', who: ['skein:threads(allocate)'] },
  { title: 'Skein, Open MPI', who: ['skein:openmpi'] },
  mpiInC,
  { title: 'mpi4py, Open MPI', who: ['mpi4py'] },
]

export function mpiTable(rows: readonly Row[]): string {
  const table = markdownTable(rows, mpiColumns, { title: 'threads over C', over: mpiInC })
  return `Median of one run, two ranks, eight in the crowded cases, on two cores; what each case is stands in [bench/mpi/cases.ts](bench/mpi/cases.ts):\n\n${table}`
}

const capnweb: Column = { title: "Cap'n Web", who: ['capnweb'] }
const rpcColumns: Column[] = [
  { title: 'Skein, TCP', who: ['skein:tcp'] },
  { title: 'WebSocket', who: ['skein:websocket'] },
  capnweb,
  { title: 'dnode', who: ['dnode'] },
  { title: 'gRPC', who: ['grpc-js'] },
  { title: 'Moleculer, NATS', who: ['moleculer'] },
  { title: 'HTTP', who: ['node:http'] },
  { title: 'JSON lines by hand', who: ['JSON'] },
  { title: 'raw socket', who: ['raw'] },
]

export function rpcTable(rows: readonly Row[]): string {
  const table = markdownTable(rows, rpcColumns, { title: "TCP over Cap'n Web", over: capnweb }, shownBy(rpcCases))
  return `Median of one run, two processes on two cores, over the loopback; what each case is stands in [bench/rpc/cases.ts](bench/rpc/cases.ts):\n\n${table}`
}

const nativeOwn: Column = { title: 'Skein', who: ['skein:x64'] }
const wasm: Column = { title: 'Skein, wasm', who: ['skein:wasm'] }
const nativeColumns: Column[] = [
  nativeOwn,
  { title: '`fast`', who: ['skein:x64(fast)'] },
  wasm,
  { title: 'C by hand', who: ['C by hand strict'] },
  { title: 'fast', who: ['C by hand fast'] },
  { title: 'gcc -O3', who: ['C gcc -O3'] },
  { title: '-Ofast', who: ['C gcc -Ofast'] },
  { title: 'Numba', who: ['Numba'] },
  // Its code for AVX-512, where it has to be told to use it.
  { title: 'OpenBLAS', who: ['OpenBLAS SkylakeX', 'OpenBLAS'] },
  { title: 'plain JS, 1 thread', who: ['plain JS'], threads: 1 },
]

export function nativeTable(rows: readonly Row[]): string {
  const threads = Math.max(...rows.map(row => row.threads))
  const table = markdownTable(rows, nativeColumns, { title: 'over wasm', over: wasm })
  return `Median of one run, ${threads} threads unless the case or the column says otherwise; what each case is stands in [bench/native/cases.ts](bench/native/cases.ts):\n\n${table}`
}

const arraysColumns: Column[] = [
  { title: 'Skein', who: ['skein:x64'] },
  wasm,
  { title: 'NumPy', who: ['NumPy'] },
  { title: 'SciPy', who: ['SciPy'] },
  { title: 'Numba', who: ['Numba'] },
  { title: 'numpy-ts', who: ['numpy-ts'], threads: 1 },
  { title: 'jax-js', who: ['jax-js'], threads: 1 },
  { title: 'tfjs, wasm', who: ['tfjs'], threads: 1 },
  { title: 'gcc -O3', who: ['C gcc -O3'] },
  { title: 'plain JS, 1 thread', who: ['plain JS'], threads: 1 },
]

export function arraysTable(rows: readonly Row[]): string {
  const threads = Math.max(...rows.map(row => row.threads))
  // NumPy has one thread where it has no more, and so has SciPy.
  const numpy = (row: Row): Row => (/^(NumPy|SciPy)/.test(row.who) ? { ...row, threads } : row)
  const shown = rows.filter(row => row.case !== 'limit').map(numpy)
  const table = markdownTable(shown, arraysColumns, { title: 'over NumPy', over: arraysColumns[2] })
  return `Median of one run, ${threads} threads unless the column says otherwise; what each case is stands in [bench/arrays/cases.ts](bench/arrays/cases.ts):\n\n${table}`
}

const tables = {
  kernels: kernelsTable,
  native: nativeTable,
  arrays: arraysTable,
  tasks: tasksTable,
  mpi: mpiTable,
  rpc: rpcTable,
}

/** Writes the tables, or only compares with `check`; false when results are missing or something differs. */
export function writeReadmeTable(check: boolean): boolean {
  const file = `${repository}/README.md`
  const before = readFileSync(file, 'utf8')
  let after = before
  let isComplete = true
  for (const [suite, table] of Object.entries(tables)) {
    const rows = readRows(suite)
    if (rows.length === 0) {
      console.error(`bench/results/${suite}.json is not there or empty: npm run bench -- ${suite}`)
      isComplete = false
      continue
    }
    after = replaceBetween(after, `bench:${suite}`, `\n${table(rows)}\n`)
  }
  if (before === after) console.log('the tables of README.md are up to date')
  else if (check) console.error("README.md's tables are not what bench/results says: npm run bench -- table")
  else {
    writeFileSync(file, after)
    console.log('wrote the tables of README.md')
  }
  return isComplete && (before === after || !check)
}

if (import.meta.main && !writeReadmeTable(process.argv.includes('--check'))) process.exitCode = 1
