/** What kernels run on that are not told: machine code where it can run, wasm and a reason wherever something is in its way, and never a crash. */
import assert from 'node:assert/strict'
import { execFileSync, fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { loadFfi } from '@skein/team/code-library'
import { needs } from '@skein/testing'
import { type BuildOptions, build } from 'esbuild'
import { backends, defaultBackend, kernel } from '../src/index.ts'
import { noX64 } from './backends.ts'

const index = fileURLToPath(new URL('../src/index.ts', import.meta.url))
const skip = noX64 || (process.env.SKEIN_BACKEND ? 'SKEIN_BACKEND chooses' : false)
const folder = mkdtempSync(join(tmpdir(), 'skein-default-'))
after(() => rmSync(folder, { recursive: true, force: true }))

/** What a kernel runs on in a process, why no other, and what it gives. */
interface Told {
  readonly runsOn: string
  readonly reason?: string
  readonly sum: number
}

/** Runs a kernel here and on other threads, and a reduction. */
const body = `
  const halve = kernel((i, x) => { x[i] = x[i] * 0.5 + i })
  const sum = reduce('+', (i, x) => x[i])
  const x = new Float64Array(100_000)
  halve(4, x)
  halve(x.length, x)
  const told = { runsOn: defaultBackend(), reason: backends.x64.unavailable(), sum: sum(x.length, x) }`
const program = `import { backends, defaultBackend, kernel, reduce } from '${index}'\n${body}`
const right = Array.from({ length: 100_000 }, (_, i) => (i < 4 ? i * 1.5 : i)).reduce((a, b) => a + b)
const file = join(folder, 'program.ts')
writeFileSync(file, `${program}\nprocess.send?.(told) ?? console.log(JSON.stringify(told))`)

function run(path: string, flags: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Told {
  const { SKEIN_BACKEND: _, ...rest } = process.env
  const options = { env: { ...rest, SKEIN_THREADS: '2', ...env }, encoding: 'utf8' } as const
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [...flags, path], options)
  assert.equal(status, 0, `${signal}: ${stderr}`)
  const told = JSON.parse(stdout) as Told
  assert.equal(told.sum, right)
  return told
}

test('is machine code where it can run, else wasm', { skip: process.env.SKEIN_BACKEND ? 'it chooses' : false }, () => {
  assert.equal(defaultBackend(), backends.x64.unavailable() === undefined ? 'x64' : 'wasm')
  const told = run(file)
  assert.equal(told.runsOn, defaultBackend())
  assert.equal(told.reason, backends.x64.unavailable())
  assert.equal(run(file, [], { SKEIN_BACKEND: 'wasm' }).runsOn, 'wasm')
})

test('is found out when a kernel is called, not when it is made', { skip }, () => {
  const text = `import { kernel } from '${index}'; import { readFileSync } from 'node:fs'
    const loaded = () => /koffi|memfd:skein/.test(readFileSync('/proc/self/maps', 'latin1'))
    const f = kernel((i, x) => { x[i] = 1 }); f.with({ threads: 1 }); const before = loaded()
    f(4, new Float64Array(4)); console.log(before, loaded())`
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', text], { encoding: 'utf8' })
  assert.equal(said, 'false true\n')
})

test('what SKEIN_BACKEND names that is none, or cannot run, is an error when a kernel is made', () => {
  const text = `import { kernel } from '${index}'; try { kernel(i => {}) } catch (e) { console.log(e.code, e.message) }`
  const said = (env: NodeJS.ProcessEnv): string =>
    execFileSync(process.execPath, ['--input-type=module', '-e', text], {
      env: { ...process.env, ...env },
      encoding: 'utf8',
    })
  assert.match(said({ SKEIN_BACKEND: 'cuda' }), /SKEIN_ARGUMENT .*SKEIN_BACKEND must be 'wasm' or 'x64'/)
  assert.match(said({ SKEIN_BACKEND: 'x64', SKEIN_ISA: 'sse' }), /SKEIN_NOT_SUPPORTED .*SKEIN_ISA is avx2 or avx512/)
})

const permitted = ['--permission', `--allow-fs-read=*`, '--allow-worker', '--no-warnings']
const refused: [what: string, flags: readonly string[], env: NodeJS.ProcessEnv, reason: RegExp][] = [
  ['addons are not loaded', ['--no-addons'], { SKEIN_FFI: 'koffi' }, /loads no addons/],
  ['nothing native is permitted', permitted, {}, /loads no addons/],
  ['the instructions asked for are not there', [], { SKEIN_ISA: 'sse' }, /SKEIN_ISA is avx2 or avx512/],
]
for (const [what, flags, env, reason] of refused) {
  test(`is wasm where ${what}`, { skip }, () => {
    const told = run(file, flags, env)
    assert.equal(told.runsOn, 'wasm')
    assert.match(told.reason!, reason)
  })
}

test('is machine code where addons are permitted, without the disk', { skip }, () => {
  assert.equal(run(file, [...permitted, '--allow-addons']).runsOn, 'x64')
})

test('is wasm where the system lets no memory become executable', { skip: skip || needs('gcc') }, () => {
  // What SELinux says without execmem: of pages that have been written, not of the engine's, which are more at once.
  const source = `#define _GNU_SOURCE
    #include <errno.h>
    #include <sys/syscall.h>
    #include <unistd.h>
    int mprotect(void *at, unsigned long bytes, int protection) {
      if (bytes == 4096 && protection == 5) { errno = EACCES; return -1; }
      return syscall(SYS_mprotect, at, bytes, protection);
    }`
  const library = join(folder, 'refuse.so')
  execFileSync('gcc', ['-shared', '-fPIC', '-x', 'c', '-o', library, '-'], { input: source })
  for (const SKEIN_FFI of ['', 'koffi']) {
    const told = run(file, [], { LD_PRELOAD: library, SKEIN_FFI })
    assert.equal(told.runsOn, 'wasm')
    assert.match(told.reason!, /refuses to make memory executable \(EACCES\)/)
  }
})

test('is wasm in a bundle, which machine code is no part of', { skip }, async () => {
  const outfile = join(folder, 'bundle.mjs')
  const options: BuildOptions = { platform: 'node', format: 'esm', external: ['koffi'], logLevel: 'error' }
  await build({ entryPoints: [file], bundle: true, outfile, ...options })
  // The team's threads are files of their own, which bundles lack.
  const told = run(outfile, [], { SKEIN_THREADS: '1' })
  assert.equal(told.runsOn, 'wasm')
  assert.match(told.reason!, /bundle/)
})

test('is wasm where these modules are there a second time: they have a heap of their own', { skip }, () => {
  const twice = join(folder, 'twice.ts')
  writeFileSync(twice, readFileSync(file, 'utf8').replace("index.ts'", "index.ts?2'"))
  // A loader that hands the question on, as those of test runners do.
  const hook = `data:text/javascript,${encodeURIComponent(`
    import { registerHooks } from 'node:module'
    registerHooks({ resolve: (name, context, next) => {
      const found = next(name, context)
      return context.parentURL?.endsWith('?2') && found.url.startsWith('file:') ? { ...found, url: found.url + '?2' } : found
    } })`)}`
  const told = run(twice, ['--import', hook], { SKEIN_THREADS: '1' })
  assert.equal(told.runsOn, 'wasm')
  assert.match(told.reason!, /loaded by something else/)
})

test('is the same in a forked process', { skip }, async () => {
  const child = fork(file, { env: { ...process.env, SKEIN_THREADS: '2' } })
  const [told] = (await once(child, 'message')) as [Told]
  assert.deepEqual([told.runsOn, told.sum], ['x64', right])
  child.disconnect()
  await once(child, 'exit')
})

const onThread = `${program}\nimport { parentPort } from 'node:worker_threads'; parentPort.postMessage(told)`
const threadFile = join(folder, 'thread.ts')
writeFileSync(threadFile, onThread)

test("on a program's own thread it needs no koffi, which could end the process with the thread", { skip }, async () => {
  for (const SKEIN_FFI of ['', 'koffi']) {
    const worker = new Worker(threadFile, { env: { ...process.env, SKEIN_THREADS: '2', SKEIN_FFI }, stderr: true })
    const printed = worker.stderr.setEncoding('utf8').toArray()
    const [told] = (await once(worker, 'message')) as [Told]
    const expected = SKEIN_FFI === '' && loadFfi() !== undefined ? 'x64' : 'wasm'
    assert.deepEqual([told.runsOn, told.sum], [expected, right])
    await worker.terminate()
    assert.deepEqual(await printed, [])
  }
})

test('threads that are terminated at any moment of it leave the process and its kernels as they were', {
  skip,
}, async () => {
  const text = `import { kernel } from '${index}'
    import { parentPort } from 'node:worker_threads'
    const f = kernel((i, x) => { x[i] += 1 })
    const x = new Float64Array(8)
    parentPort.postMessage('made')
    for (;;) f(8, x)`
  const looping = join(folder, 'looping.ts')
  writeFileSync(looping, text)
  for (const ms of [0, 20, 40, 60, 90, 150]) {
    const worker = new Worker(looping)
    await once(worker, 'message')
    const until = performance.now() + ms
    while (performance.now() < until);
    await worker.terminate()
  }
  const x = new Float64Array(4)
  kernel((i, y: Float64Array) => void (y[i] = i + 1))(4, x)
  assert.deepEqual([...x], [1, 2, 3, 4])
})
