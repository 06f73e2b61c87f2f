// What is published works for a stranger: every publishable workspace is built, packed and installed into an empty
// folder, where HOUSE's kernel example runs with plain node, from JavaScript and from TypeScript types.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { after, before, test } from 'node:test'
import { backends, defaultBackend } from '@skein/kernel'
import { type Built, build, publishedManifest } from '../../scripts/build.ts'

const root = join(import.meta.dirname, '../..')
const example = join(import.meta.dirname, 'fixtures/user/kernels.ts')
/** The lines that the example prints. */
const exampleLines = ['saxpy ok', 'saxpy.async ok', 'mandel ok', 'mandel on x64 ok', 'dot ok']

const work = mkdtempSync(join(tmpdir(), 'skein-pack-'))
const user = join(work, 'user')
let built: Built[] = []

/** The Node that the tests run on, the one that a user of this machine has, and those named by `SKEIN_NODES`, a list of paths; of them those that Skein supports. */
function nodes(): [version: string, path: string][] {
  const found: [string, string][] = [[process.versions.node, process.execPath]]
  const folders = (process.env.PATH ?? '').split(delimiter).filter(folder => !folder.includes('node_modules'))
  const users = folders.map(folder => join(folder, 'node')).find(path => existsSync(path))
  const named = (process.env.SKEIN_NODES ?? '').split(delimiter).filter(path => path !== '')
  for (const path of users === undefined ? named : [users, ...named]) {
    const version = execFileSync(path, ['--version'], { encoding: 'utf8' }).trim().slice(1)
    if (Number.parseInt(version, 10) >= 22 && version !== process.versions.node) found.push([version, path])
  }
  return found
}

/** npm as a user types it: what an `npm test` around us put into the environment is not for it. */
function npm(args: string[], cwd: string) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')))
  const run = spawnSync('npm', [...args, '--no-audit', '--no-fund', '--prefer-offline'], {
    cwd,
    env,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  })
  assert.equal(run.status, 0, `npm ${args[0]} failed:\n${run.stdout}${run.stderr}${run.error ?? ''}`)
  return run.stdout
}

before(() => {
  built = build(root, join(work, 'build'))
  npm(['pack', '--pack-destination', work, ...built.map(({ folder }) => folder)], work)
  const tarballs = readdirSync(work).filter(file => file.endsWith('.tgz'))
  assert.equal(tarballs.length, built.length)
  mkdirSync(user)
  writeFileSync(join(user, 'package.json'), '{ "name": "user", "private": true, "type": "module" }')
  npm(['install', ...tarballs.map(file => join(work, file))], user)
  copyFileSync(example, join(user, 'kernels.ts'))
  writeFileSync(join(user, 'kernels.js'), stripTypeScriptTypes(readFileSync(example, 'utf8')))
})
after(() => rmSync(work, { recursive: true, force: true }))

test('each package holds its JavaScript, its types, README and LICENSE, and no source of the house', () => {
  assert.ok(built.some(({ name }) => name === 'skein'))
  for (const { name } of built) {
    const folder = join(user, 'node_modules', name)
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    for (const file of ['package.json', 'README.md', 'LICENSE', 'dist/index.js', 'dist/index.d.ts'])
      assert.ok(files.includes(file), `${name} has no ${file}`)
    assert.deepEqual(
      files.filter(file => /(?<!\.d)\.ts$|\.test\./.test(file)),
      [],
      `${name} holds TypeScript source`,
    )
  }
})

test('the many modules of the kernel room are a few files: machine code apart, which not every program loads', () => {
  const dist = join(user, 'node_modules/@skein/kernel/dist')
  const files = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.js'))
  const named = files.map(file => file.replaceAll('\\', '/')).filter(file => !/^chunk-\w+\.js$/.test(file))
  assert.deepEqual(named.sort(), [
    'compiler.js',
    'gemm.js',
    'index.js',
    'order.js',
    'x64/compile.js',
    'x64/index.js',
    'x64/products/program.js',
  ])
  // Machine code asks for its parts in its own folder.
  assert.match(readFileSync(join(dist, 'x64/index.js'), 'utf8'), /\(`\.\/\$\{\w+\}\$\{/)
  const script = `import { backends, defaultBackend, kernel } from 'skein'
    const x = new Float64Array(4); kernel((i, x) => { x[i] = i })(4, x)
    const n = 32, [a, b, c] = [1, 2, 0].map(v => new Float64Array(n * n).fill(v))
    kernel(([i, j], n, a, b, c) => { let s = 0; for (let k = 0; k < n; k++) s += a[i * n + k] * b[k * n + j]; c[i * n + j] = s })([n, n], n, a, b, c)
    console.log(defaultBackend(), backends.x64.unavailable(), x.join(), c.every(v => v === 2 * n))`
  const run = (SKEIN_CACHE: string) =>
    execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: user,
      env: { ...process.env, SKEIN_CACHE },
      encoding: 'utf8',
    })
  const told = `${defaultBackend()} ${backends.x64.unavailable()} 0,1,2,3 true\n`
  for (const cache of ['off', join(work, 'cache'), join(work, 'cache')]) assert.equal(run(cache), told)
})

for (const [version, node] of nodes()) {
  test(`every entry of every package is importable on Node ${version}`, () => {
    const entries = built.flatMap(({ name, folder }) =>
      Object.keys(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).exports ?? {})
        .filter(entry => !entry.endsWith('.json') && !entry.includes('*'))
        .map(entry => name + entry.slice(1)),
    )
    const script = entries.map(entry => `await import('${entry}')`).join('\n')
    const run = spawnSync(node, ['--input-type=module', '-e', script], { cwd: user, encoding: 'utf8' })
    assert.equal(run.status, 0, run.stderr)
  })

  for (const file of ['kernels.js', 'kernels.ts'])
    test(`${file} runs on Node ${version}`, t => {
      const [major, minor] = version.split('.').map(Number)
      if (file.endsWith('.ts') && major === 22 && minor < 18) return t.skip('Node 22.18 is the first to run TypeScript')
      const run = spawnSync(node, [file], { cwd: user, encoding: 'utf8', timeout: 60_000 })
      assert.equal(run.status, 0, `node ${file} failed:\n${run.stdout}${run.stderr}`)
      assert.deepEqual(run.stdout.trim().split('\n'), exampleLines)
    })

  test(`an engine without compilers runs kernels on the reference, on Node ${version}`, () => {
    const script = `import { backends, defaultBackend, kernel, reduce } from 'skein'
      import { heap } from '@skein/heap'
      const x = new Float64Array(1000); kernel((i, x) => { x[i] = i })(1000, x)
      console.log(defaultBackend(), reduce('+', (i, x) => x[i])(1000, x), backends.x64.unavailable())
      for (const f of [() => heap.f64(4), () => kernel(() => {}).on('wasm')(1)]) try { f() } catch (e) { console.log(e.code) }`
    const options = { cwd: user, encoding: 'utf8', timeout: 60_000 } as const
    const { status, stdout, stderr } = spawnSync(node, ['--jitless', '--input-type=module', '-e', script], options)
    assert.equal(status, 0, stderr)
    const reason = process.platform === 'linux' && process.arch === 'x64' ? /no WebAssembly \(--jitless\)/ : /./
    assert.match(stdout, reason)
    assert.match(stdout, /^reference 499500 .*\nSKEIN_NOT_SUPPORTED\nSKEIN_NOT_SUPPORTED\n$/)
  })

  test(`a store in a file, whose thread is a file of its own, on Node ${version}`, () => {
    const script = `import { open } from '@skein/coord'
      const store = await open('file:store.db')
      const held = await store.lock('one')
      console.log((await store.range({ prefix: 'skein/' })).count)
      await store.close()`
    const options = { cwd: user, encoding: 'utf8', timeout: 60_000 } as const
    const { stdout, stderr } = spawnSync(node, ['--input-type=module', '-e', script], options)
    assert.equal(stdout, '1\n', stderr)
  })

  test(`machine code is called off, and tells of what faults, on Node ${version}`, t => {
    if (backends.x64.unavailable()) return t.skip(backends.x64.unavailable())
    const script = `import { kernel } from 'skein'
      const told = async call => console.log(await call().then(() => 'nothing', error => error.name))
      const wild = kernel((i, x, y) => { y[i] = x[i * 2000000] }, { unsafe: true }).on('x64')
      await told(() => wild.async(1000, new Float64Array(8), new Float64Array(1000)))
      const endless = kernel((i, x) => { while (x[0] === 0) x[1] = x[1] + 1 }).on('x64')
      const x = new Int32Array(new SharedArrayBuffer(8))
      const controller = new AbortController()
      const call = told(() => endless.with({ signal: controller.signal }).async(4, x))
      while (Atomics.load(x, 1) === 0) await new Promise(setImmediate)
      controller.abort()
      await call`
    for (const SKEIN_FFI of ['', 'koffi']) {
      const env = { ...process.env, SKEIN_FFI, SKEIN_THREADS: '2' }
      const options = { cwd: user, encoding: 'utf8', timeout: 60_000, env } as const
      const { stdout, stderr } = spawnSync(node, ['--input-type=module', '-e', script], options)
      assert.equal(stdout, 'UnsafeAccessError\nCancelledError\n', stderr)
    }
  })
}

test('the example type-checks against the published types, and a wrong use of it does not', () => {
  const compilerOptions = {
    target: 'es2024',
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
    types: ['node'],
    typeRoots: [join(root, 'node_modules/@types')],
  }
  writeFileSync(join(user, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['kernels.ts'] }))
  const tsc = (args: string[]) =>
    spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...args], {
      cwd: user,
      encoding: 'utf8',
    })
  const right = tsc(['-p', '.'])
  assert.equal(right.status, 0, right.stdout)
  const text = readFileSync(example, 'utf8')
  const wrong = text.replace('saxpy(n, 2, x, y)', "saxpy(n, '2', x, y)")
  assert.notEqual(wrong, text)
  writeFileSync(join(user, 'kernels.ts'), wrong)
  try {
    const found = tsc(['-p', '.'])
    const line = text.slice(0, text.indexOf('saxpy(n, 2, x, y)')).split('\n').length
    assert.match(found.stdout, new RegExp(`kernels\\.ts\\(${line},10\\): error TS2345`), found.stdout)
  } finally {
    writeFileSync(join(user, 'kernels.ts'), text)
  }
})

test('a published package.json says dist where the workspace says src', () => {
  const manifest = {
    name: '@skein/x',
    exports: {
      '.': './src/index.ts',
      './sub': { node: './src/sub/node.ts', default: './src/sub/web.ts' },
      './page': './assets/page.html',
    },
    bin: { x: './src/main.ts' },
    assets: ['assets/**'],
    scripts: { test: 'x' },
    devDependencies: { y: '1' },
    peerDependencies: { koffi: '^3' },
    peerDependenciesMeta: { koffi: { optional: true } },
  }
  assert.deepEqual(publishedManifest(manifest, ['assets/page.html']), {
    name: '@skein/x',
    exports: {
      '.': { types: './dist/index.d.ts', default: './dist/index.js' },
      './sub': {
        node: { types: './dist/sub/node.d.ts', default: './dist/sub/node.js' },
        default: { types: './dist/sub/web.d.ts', default: './dist/sub/web.js' },
      },
      './page': './assets/page.html',
    },
    bin: { x: './dist/main.js' },
    peerDependencies: { koffi: '^3' },
    peerDependenciesMeta: { koffi: { optional: true } },
    files: ['dist', 'assets/page.html'],
    publishConfig: { access: 'public' },
  })
})
