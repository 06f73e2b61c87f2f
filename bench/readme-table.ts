/**
 * Writes the README's table of measured figures from bench/results/kernels.json, between the markers
 * <!-- bench:kernels --> and <!-- /bench:kernels -->. With `--check` it writes nothing and exits 1 when they differ.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { type Column, markdownTable, replaceBetween } from './harness/markdown.ts'
import { type Row, readRows } from './harness/results.ts'
import { repository } from './harness/toolchain.ts'

const plain: Column = { title: 'plain JS, 1 thread', who: ['plain JS'], threads: 1 }
const columns: Column[] = [
  { title: 'Skein', who: ['skein:wasm'] },
  { title: 'Skein `fast`', who: ['skein:wasm(fast)'] },
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
  return `Median of one run, ${threads} threads unless the column says otherwise:\n\n${table}`
}

/** Writes the table, or only compares with `check`; false when there is nothing to write or the two differ. */
export function writeReadmeTable(check: boolean): boolean {
  const rows = readRows('kernels')
  if (rows.length === 0) {
    console.error('bench/results/kernels.json is not there or empty: npm run bench -- kernels')
    return false
  }
  const file = `${repository}/README.md`
  const before = readFileSync(file, 'utf8')
  const after = replaceBetween(before, 'bench:kernels', `\n${kernelsTable(rows)}\n`)
  if (before === after) console.log('the table of README.md is up to date')
  else if (check) console.error("README.md's table is not what bench/results/kernels.json says: npm run bench -- table")
  else {
    writeFileSync(file, after)
    console.log('wrote the table of README.md')
  }
  return before === after || !check
}

if (import.meta.main && !writeReadmeTable(process.argv.includes('--check'))) process.exitCode = 1
