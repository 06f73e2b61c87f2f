import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { buildOf, thisBuild } from '../src/x64/run/build.ts'
import { CodeCache, cacheFolder, keyOf } from '../src/x64/run/cache.ts'

const skip = process.getuid === undefined && 'files have no owner here'
const root = mkdtempSync(join(tmpdir(), 'skein-cache-'))
after(() => rmSync(root, { recursive: true, force: true }))

let count = 0
/** A cache in a folder that is not there yet, and what it says. */
const fresh = (mostBytes?: number) => {
  const told: string[] = []
  const folder = join(root, `cache${count++}`, 'x64')
  const options = { report: (text: string) => told.push(text), ...(mostBytes && { mostBytes }) }
  return { folder, told, open: () => new CodeCache(folder, options), cache: new CodeCache(folder, options) }
}
const key = keyOf(['a kernel', 'avx2'])
const program = { description: { entries: { run: 64 }, lanes: 16 }, code: Uint8Array.of(0x31, 0xc0, 0xc3) }

test('a program is there for the next process', { skip }, () => {
  const { cache, open, told, folder } = fresh()
  assert.equal(cache.read(key), undefined)
  cache.write(key, program)
  assert.deepEqual(cache.read(key), program)
  assert.deepEqual(open().read(key), program)
  assert.equal(open().read(keyOf(['another'])), undefined)
  assert.deepEqual(told, [])
  assert.deepEqual(readdirSync(folder), [key])
  assert.equal(statSync(folder).mode & 0o777, 0o700)
  assert.equal(statSync(join(folder, key)).mode & 0o777, 0o600)
})

test('keys differ when anything does', () => {
  assert.notEqual(keyOf(['ab', 'c']), keyOf(['a', 'bc']))
  assert.notEqual(keyOf(['a']), keyOf(['a', '']))
  assert.equal(keyOf(['a', Uint8Array.of(1)]), keyOf(['a', '\x01']))
})

test('a file that is corrupted anywhere is a miss', { skip }, () => {
  const { cache, folder, told } = fresh()
  cache.write(key, program)
  const path = join(folder, key)
  const good = readFileSync(path)
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const bad = Buffer.from(good)
      bad[at] ^= flip
      writeFileSync(path, bad)
      // Four bytes of the head mean nothing.
      return (cache.read(key) === undefined) === (at < 20 || at >= 24)
    }),
  )
  for (let length = 0; length < good.length; length++) {
    writeFileSync(path, good)
    truncateSync(path, length)
    assert.equal(cache.read(key), undefined)
  }
  assert.match(told.join(), /is corrupted/)
  assert.match(told.join(), /is cut off/)
  cache.write(key, program)
  assert.deepEqual(cache.read(key), program, 'what is written anew is good again')
})

test('a program under the name of another is a miss', { skip }, () => {
  const { cache, folder, told } = fresh()
  cache.write(key, program)
  const other = keyOf(['other'])
  copyFileSync(join(folder, key), join(folder, other))
  assert.equal(cache.read(other), undefined)
  assert.match(told[0], /is corrupted/)
})

test('what others may write, and links, are not trusted', { skip }, () => {
  const { cache, open, folder, told } = fresh()
  cache.write(key, program)
  const path = join(folder, key)
  for (const mode of [0o620, 0o602, 0o666]) {
    chmodSync(path, mode)
    assert.equal(cache.read(key), undefined)
  }
  chmodSync(path, 0o644)
  assert.deepEqual(cache.read(key), program, 'that others read it does not matter')
  renameSync(path, join(root, 'elsewhere'))
  symlinkSync(join(root, 'elsewhere'), path)
  assert.equal(cache.read(key), undefined)
  rmSync(path)
  mkdirSync(path)
  assert.equal(cache.read(key), undefined)
  rmSync(path, { recursive: true })
  cache.write(key, program)
  chmodSync(folder, 0o770)
  assert.equal(open().read(key), undefined)
  open().write(keyOf(['new']), program)
  assert.deepEqual(readdirSync(folder), [key])
  assert.match(told.join(), /may be written by others.*ELOOP.*is no file/)
})

const isRoot = process.getuid?.() === 0

test('a file of somebody else is not trusted', {
  skip: skip || (!isRoot && 'only root gives files away'),
}, async () => {
  const { chownSync } = await import('node:fs')
  const { cache, open, folder, told } = fresh()
  cache.write(key, program)
  chownSync(join(folder, key), 12345, 12345)
  assert.equal(cache.read(key), undefined)
  assert.match(told[0], /belongs to somebody else/)
  chownSync(folder, 12345, 12345)
  assert.equal(open().read(key), undefined)
})

test('a folder that cannot be made or written is a miss', { skip }, () => {
  const told: string[] = []
  writeFileSync(join(root, 'file'), '')
  for (const folder of [join(root, 'file', 'x64'), join(root, 'file'), '/proc/skein/x64']) {
    const cache = new CodeCache(folder, { report: text => told.push(text) })
    assert.equal(cache.read(key), undefined)
    cache.write(key, program)
    cache.write(key, program)
    assert.equal(cache.read(key), undefined)
  }
  assert.equal(told.length, 3, 'said once for each')
})

test('a disk that is full or read-only is written to once', { skip }, () => {
  const { cache, folder, told } = fresh()
  cache.write(key, program)
  // A folder in a file's place stands for the disk's refusal: nothing can be renamed to it.
  const taken = keyOf(['taken'])
  mkdirSync(join(folder, taken))
  writeFileSync(join(folder, taken, 'x'), '')
  cache.write(taken, program)
  cache.write(keyOf(['third']), program)
  assert.equal(told.length, 1)
  assert.match(told[0], /nothing more is written/)
  assert.deepEqual(readdirSync(folder).sort(), [key, taken].sort())
  assert.deepEqual(cache.read(key), program)
})

test('old files make room', { skip }, () => {
  const { cache, open, folder } = fresh(10_000)
  const large = { description: 0, code: new Uint8Array(1500) }
  const keys = Array.from({ length: 8 }, (_, k) => keyOf([`${k}`]))
  for (const [k, name] of keys.entries()) {
    cache.write(name, large)
    utimesSync(join(folder, name), 1000 + k, 1000 + k)
  }
  writeFileSync(join(folder, 'dead.1.0.tmp'), '')
  utimesSync(join(folder, 'dead.1.0.tmp'), 1000, 1000)
  assert.ok(cache.read(keys[0]), 'this one was used just now')
  open().write(key, program)
  const left = readdirSync(folder)
  assert.ok(left.includes(key) && left.includes(keys[0]) && left.includes(keys[7]))
  assert.ok(!left.includes(keys[1]) && !left.includes('dead.1.0.tmp'))
  assert.ok(left.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0) <= 7500)
})

test('processes that write the same leave a whole file', { skip }, () => {
  const { folder, open } = fresh()
  const url = JSON.stringify(new URL('../src/x64/run/cache.ts', import.meta.url).href)
  const text = `import { CodeCache } from ${url}; import { Worker, isMainThread } from 'node:worker_threads'
    const cache = new CodeCache(${JSON.stringify(folder)}, { report: console.log })
    const code = new Uint8Array(100_000).fill(7)
    for (let k = 0; k < 50; k++) { cache.write('${key}', { description: k, code }); const read = cache.read('${key}')
      if (read?.code.length !== code.length) console.log('torn') }`
  const url2 = `data:text/javascript,${encodeURIComponent(text)}`
  const all = `import { Worker } from 'node:worker_threads'
    for (let k = 0; k < 3; k++) new Worker(new URL(${JSON.stringify(url2)}))`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', all], { encoding: 'utf8' })
  assert.equal(stdout + stderr, '')
  assert.equal(open().read(key)!.code.length, 100_000)
})

test('where it is', () => {
  assert.equal(cacheFolder({}, '/home/ann'), '/home/ann/.cache/skein/x64')
  assert.equal(cacheFolder({ XDG_CACHE_HOME: '/c' }, '/home/ann'), '/c/skein/x64')
  assert.equal(cacheFolder({ XDG_CACHE_HOME: 'c' }, '/home/ann'), '/home/ann/.cache/skein/x64')
  assert.equal(cacheFolder({ SKEIN_CACHE: '/d' }, '/home/ann'), '/d')
  assert.equal(cacheFolder({ SKEIN_CACHE: 'off' }, '/home/ann'), undefined)
  assert.equal(cacheFolder({}, ''), undefined)
})

test('another compiler has another name', () => {
  const folder = join(root, 'compiler')
  mkdirSync(join(folder, 'x64', 'run'), { recursive: true })
  const file = join(folder, 'x64', 'run', 'build.ts')
  const other = join(folder, 'passes.ts')
  writeFileSync(file, 'a')
  writeFileSync(other, 'b')
  const before = buildOf(file)
  assert.equal(buildOf(file), before)
  writeFileSync(join(folder, 'notes.md'), 'no code')
  assert.equal(buildOf(file), before)
  mkdirSync(join(folder, 'wasm'))
  writeFileSync(join(folder, 'wasm', 'module.ts'), 'another backend')
  assert.equal(buildOf(file), before)
  writeFileSync(other, 'bc')
  assert.notEqual(buildOf(file), before)
  const long = new Date(1985, 9, 26)
  utimesSync(other, long, long)
  const installed = buildOf(file)
  rmSync(other)
  writeFileSync(other, 'cb')
  utimesSync(other, long, long)
  assert.notEqual(buildOf(file), installed, 'npm gives the files of all versions the same time')
  const bundle = join(folder, 'bundle.js')
  writeFileSync(bundle, 'a')
  const bundled = buildOf(bundle)
  writeFileSync(other, 'bcd')
  assert.equal(buildOf(bundle), bundled)
  const joined = join(folder, 'x64', 'compile.js')
  writeFileSync(joined, 'a')
  const published = buildOf(join(folder, 'x64', 'index.js'))
  assert.equal(buildOf(bundle), published)
  writeFileSync(joined, 'ab')
  assert.notEqual(buildOf(bundle), published)
  assert.match(thisBuild()!, /^[0-9a-f]{64}$/)
})
