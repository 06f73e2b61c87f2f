/** Kernels whose code comes from the cache on disk. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { skip } from './x64-code.ts'

const root = mkdtempSync(join(tmpdir(), 'skein-cached-'))
after(() => rmSync(root, { recursive: true, force: true }))
const folder = join(root, 'x64')

const index = JSON.stringify(new URL('../src/index.ts', import.meta.url).href)
const square = `const f = kernel((i, x) => { x[i] = x[i] * x[i] }).on('x64')
  const x = Float64Array.from({ length: 100 }, (_, i) => i); f(100, x); console.log(x[99])`
const sum = `const f = reduce('+', (i, x) => x[i]).on('x64'); console.log(f(3, Float64Array.of(1, 2, 4)))`

const run = (text: string, env: NodeJS.ProcessEnv = {}): string => {
  const program = `import { kernel, reduce, scan } from ${index}\n${text}`
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
    env: { ...process.env, SKEIN_CACHE: folder, NODE_DEBUG: 'skein', ...env },
  })
  assert.equal(status, 0, stderr)
  return stdout + stderr
}

test('the next process finds the code, which is the same code', { skip }, () => {
  assert.equal(run(square), '9801\n')
  const [file, ...others] = readdirSync(folder)
  assert.deepEqual(others, [])
  const path = join(folder, file)
  const { ino } = statSync(path)
  assert.equal(run(`const other = 1\n${square.replace(/\bx\b/g, 'y')}`), '9801\n', 'whatever its names and its line')
  assert.equal(statSync(path).ino, ino, 'nothing was written anew')
  assert.equal(readdirSync(folder).length, 1)
  assert.equal(run(square.replaceAll('Float64', 'Float32')), '9801\n')
  assert.equal(run(square, { SKEIN_ISA: 'avx2' }), '9801\n')
  assert.equal(readdirSync(folder).length, 3, 'other types and other CPUs have code of their own')
  assert.equal(run(sum), '7\n')
  assert.equal(run(sum), '7\n')
  assert.equal(readdirSync(folder).length, 4)
})

test('code that was tampered with is made anew', { skip }, () => {
  run(square)
  for (const file of readdirSync(folder)) {
    const path = join(folder, file)
    const bytes = readFileSync(path)
    bytes[bytes.length - 1] ^= 1
    writeFileSync(path, bytes)
  }
  assert.match(run(square), /^9801\n.*is corrupted/)
  assert.equal(run(square), '9801\n')
})

test('without a cache, and with one that cannot be, kernels run', { skip }, () => {
  const before = readdirSync(folder)
  assert.equal(run(square.replace('x[i] * x[i]', 'x[i] + 1'), { SKEIN_CACHE: 'off' }), '100\n')
  assert.deepEqual(readdirSync(folder), before)
  assert.equal(run(square.replace('x[i] * x[i] }', 'x[i] + 2 }, { cache: false }')), '101\n')
  assert.deepEqual(readdirSync(folder), before)
  assert.match(run(square, { SKEIN_CACHE: '/proc/none' }), /^9801\n.*code cache/)
})
