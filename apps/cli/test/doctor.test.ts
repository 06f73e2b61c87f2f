// `skein doctor`: the machine as tables and as JSON.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engineNames } from '@skein/base'
import { backends } from '@skein/kernel'
import type { Findings } from '../src/doctor/findings.ts'
import { report } from '../src/doctor/report.ts'
import { escapeCode, skein } from './skein.ts'

let found: Findings

test('JSON: machine, backends that ran, heap, team, every engine with the command to get it', () => {
  const { status, stdout, stderr } = skein(['doctor', '--json'], {
    env: { SKEIN_THREADS: '2', SKEIN_HEAP_MAX: String(2 ** 28) },
  })
  assert.equal(status, 0, stderr)
  found = JSON.parse(stdout)
  assert.equal(found.machine.runtime.version, process.versions.node)
  assert.ok(found.machine.cpu.usableCores >= 1)
  assert.deepEqual(
    found.backends.map(({ name, runs }) => [name, runs]),
    [
      ['wasm', true],
      ['x64', backends.x64.unavailable() === undefined],
      ['reference', true],
    ],
  )
  assert.deepEqual(
    found.backends.filter(({ isDefault }) => isDefault).map(({ name }) => name),
    [backends.x64.unavailable() === undefined ? 'x64' : 'wasm'],
  )
  assert.deepEqual(found.team, { threads: 2, from: 'SKEIN_THREADS' })
  assert.match(found.heap.addresses, /^memory(32|64)$/)
  assert.ok(found.heap.reservedBytes <= 2 ** 28)
  assert.equal(found.heap.from, 'SKEIN_HEAP_MAX')
  assert.deepEqual(
    found.engines.map(({ name }) => name),
    engineNames(),
  )
  const { provider, library, reason } = found.linearAlgebra
  assert.equal(provider, 'auto')
  assert.ok(library === undefined ? reason : library.path && library.title && (library.threads ?? 2) === 2)
  for (const { name, present, get, gives, without } of found.engines)
    assert.ok(present || (get && gives && without), name)
})

test('tables: every section, every engine, how to get the absent ones', () => {
  const { status, stdout, stderr } = skein(['doctor'])
  assert.equal(status, 0, stderr)
  const titles = ['Machine', 'Backends of kernels', 'Memory and threads', 'Linear algebra of arrays']
  for (const title of [...titles, 'Engines present', 'Engines absent'])
    assert.match(stdout, new RegExp(`^${title}$`, 'm'))
  assert.match(stdout, /✓ +wasm/)
  assert.equal(stdout.match(/what kernels run on unless told otherwise/g)?.length, 1)
  for (const { title, present, get } of found.engines) {
    assert.ok(stdout.includes(title), title)
    if (!present) assert.ok(stdout.includes(`get it: ${get}`), get)
  }
  assert.ok(!stdout.includes(escapeCode))
})

test('a backend that does not run is shown with its reason', () => {
  const broken: Findings = {
    ...found,
    backends: [{ name: 'wasm', gives: 'lanes', isDefault: false, runs: false, reason: 'this engine has no SIMD' }],
    engines: [],
  }
  const text = report(broken, { isTTY: false } as NodeJS.WriteStream)
  assert.match(text, /✗ +wasm +does not run +this engine has no SIMD/)
  assert.match(text, /Engines present\n {2}none/)
})

test('which library computes linear algebra, or why none does', () => {
  const own = skein(['doctor', '--json'], { env: { SKEIN_LAPACK: 'own' } })
  const { linearAlgebra } = JSON.parse(own.stdout) as Findings
  assert.deepEqual(linearAlgebra, { provider: 'own', reason: 'SKEIN_LAPACK is own' })
  const none = { ...found, linearAlgebra: { provider: 'auto', reason: 'it hides' } } as Findings
  assert.match(report(none, { isTTY: false } as NodeJS.WriteStream), /provider +own\n +library +none: it hides/)
  const library = { title: 'OpenBLAS', version: '0.3', path: '/lib/x.so', integerBits: 64, threads: 1 } as const
  const some = { ...found, linearAlgebra: { provider: 'lapack', library } } as Findings
  assert.match(
    report(some, { isTTY: false } as NodeJS.WriteStream),
    /library +OpenBLAS 0.3, 1 thread, integers of 64 bits, \/lib\/x.so/,
  )
  const wrong = skein(['doctor'], { env: { SKEIN_LAPACK: '/no/such.so' } })
  assert.equal(wrong.status, 0, wrong.stderr)
  assert.match(wrong.stdout, /SKEIN_LAPACK: the file must be a library of LAPACK, or own/)
})

test('a heap or a number of threads that cannot be is one clear message', () => {
  const { status, stderr } = skein(['doctor'], { env: { SKEIN_THREADS: 'many' } })
  assert.equal(status, 1)
  assert.match(stderr, /^skein doctor: .*SKEIN_THREADS must be a number of threads from 1, but it is 'many'/)
  assert.doesNotMatch(stderr, /\n\s+at /)
  assert.match(skein(['doctor'], { env: { SKEIN_THREADS: 'many', SKEIN_DEBUG: '1' } }).stderr, /\n\s+at /)
})
