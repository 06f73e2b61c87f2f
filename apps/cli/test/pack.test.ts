import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { keepPack } from '../src/pack/make.ts'
import { skein } from './skein.ts'

const folder = mkdtempSync(join(tmpdir(), 'skein-pack-'))
after(() => rmSync(folder, { recursive: true }))

const file = join(folder, 'made.pack')
const loader = new URL('../../../foundation/base/src/pack.mjs', import.meta.url).href

/** Writes modules, and makes a pack of the first. */
function pack(modules: Record<string, string>): string {
  for (const [name, text] of Object.entries(modules)) writeFileSync(join(folder, name), text)
  const entry = pathToFileURL(join(folder, Object.keys(modules)[0])).href
  keepPack(file, [entry])
  return entry
}

/** What a program says that has the pack open, and `load`, or has not been given it. */
function told(body: string, flags: string[] = []): any {
  const program = `
    import { openPack } from ${JSON.stringify(loader)}
    const load = openPack(${JSON.stringify(file)}, 'test')
    ${body}`
  const done = spawnSync(process.execPath, [...flags, '--input-type=module', '-e', program], {
    encoding: 'utf8',
    env: { ...process.env, NODE_V8_COVERAGE: undefined, NODE_OPTIONS: undefined },
  })
  assert.equal(done.stderr, '')
  return JSON.parse(done.stdout)
}

const modules = {
  'all.ts': `// A word that is no import.meta: a comment
import basename, { join as joined } from 'node:path'
import * as path from 'node:path'
import type { Absent } from './absent.ts'
import named, { type Shape, area as areaOf } from './shape.ts'
export * from './shape.ts'
export { area as again, default as words } from './shape.ts'
export * as whole from './shape.ts'
import { type Shape as Other } from './shape.ts'

interface Größe { 'Breite – groß': Absent | Other }
export const [first, { second, ...rest }] = [1, { second: 2, third: 3, fourth: 4 }]
export const text = 'Größe – “import.meta” 😀' + /^[ß–😀]$/u.test('😀') // import('./absent.ts')
export const tagged = \`\${joined('a', 'b')} ${'\u00a0'}/* kept */\`
export const url: string = import.meta.url
export const same = path.join === joined && basename.join === joined
export function size(given: Größe | Shape) { return areaOf(given as Shape) }
export const later = () => import('./later.ts')
export class Thrown extends Error {}
export const fail = () => {
  /* Two
     lines. */
  throw new Thrown('here')
}
export { named }
export default named
`,
  'shape.ts': `export interface Shape { width: number }
export const area = ({ width }: Shape) => width ** 2
const words = ['square']
export { words as list }
export default words
`,
  'later.ts': `export const isLate = true`,
}

const look = `
  const { size, fail, later, words, list, again, area, whole, named, default: given, ...plain } = all
  let place
  try { fail() } catch ({ stack }) { place = /all.ts:\\d+:\\d+/.exec(stack)[0] }
  const isSame = [again === area, whole.area === area, words === list, named === list, given === list]
  console.log(JSON.stringify({
    ...plain, size: size({ width: 3 }), place, isSame, ...(await later()),
    names: Object.keys(all).sort(), isOpen: load !== undefined,
  }))`

test('a packed module is what Node makes of it: imports, exports, places in stacks', () => {
  const entry = pack(modules)
  const asked = told(`const all = await import(${JSON.stringify(entry)}); ${look}`)
  const loaded = told(`const all = load(${JSON.stringify(entry)}); ${look}`)
  rmSync(file)
  const ofNode = told(`const all = await import(${JSON.stringify(entry)}); ${look}`)
  assert.equal(ofNode.isOpen, false)
  assert.equal(ofNode.size, 9)
  assert.deepEqual(asked, { ...ofNode, isOpen: true })
  assert.deepEqual(loaded, asked)
})

test('whoever asks for a packed module gets the same one', () => {
  const entry = pack(modules)
  const isSame = told(`
    import { createRequire } from 'node:module'
    import { fileURLToPath } from 'node:url'
    const url = ${JSON.stringify(entry)}
    const [a, b, c] = [await import(url), load(url), createRequire(url)(fileURLToPath(url))]
    console.log(JSON.stringify([a.Thrown === b.Thrown, a.Thrown === c.Thrown]))`)
  assert.deepEqual(isSame, [true, true])
})

test('what was compiled is kept for the next, and not taken for another pack', () => {
  const entry = pack(modules)
  rmSync(`${file}.test`, { force: true })
  const run = () => told(`console.log(JSON.stringify(load(${JSON.stringify(entry)}).first))`)
  assert.equal(run(), 1)
  const kept = readFileSync(`${file}.test`)
  assert.equal(run(), 1)
  assert.deepEqual(readFileSync(`${file}.test`), kept)
  // As long as before, so that V8 would take it.
  pack({ ...modules, 'all.ts': modules['all.ts'].replace('= [1,', '= [5,') })
  assert.equal(run(), 5)
  assert.notDeepEqual(readFileSync(`${file}.test`), kept)
})

test('a pack that is old, broken or not only ours to write is left alone, and where others load modules too', () => {
  const open = (flags?: string[]) => told(`console.log(JSON.stringify(load !== undefined))`, flags)
  pack(modules)
  assert.equal(open(), true)
  assert.equal(open(['--import', 'data:text/javascript,']), false)
  chmodSync(file, 0o622)
  assert.equal(open(), false)
  pack(modules)
  writeFileSync(join(folder, 'shape.ts'), `${modules['shape.ts']}// longer`)
  assert.equal(open(), false)
  writeFileSync(file, 'no pack')
  assert.equal(open(), false)
})

for (const [what, text, complaint] of [
  ['a variable', 'export let x = 1', /exports a variable/],
  ['a circle', `import './all.ts'`, /imports itself/],
  ['all of a module of Node', `export * from 'node:fs'`, /exports all of node:fs/],
  ['a class as default', 'export default class {}', /declares what it exports as default/],
] as const) {
  test(`no pack is made of a module that exports ${what}`, () => {
    assert.throws(() => pack({ 'all.ts': text }), complaint)
  })
}

test('ranks of skein mpirun come out of a pack from the second time on', () => {
  const program = join(folder, 'program.mjs')
  const mpi = JSON.stringify(import.meta.resolve('@skein/mpi'))
  const foreign = JSON.stringify(new URL('../../../foundation/team/src/foreign.ts', import.meta.url).href)
  writeFileSync(
    program,
    `import { world, MpiError } from ${mpi}
     import { survivesTermination } from ${foreign}
     const file = globalThis[Symbol.for('skein.pack')]?.file
     world.barrier()
     if (world.rank === 0) console.log(world.size, file === undefined ? 'modules' : 'pack', survivesTermination())
     if (process.argv[2] === 'fail') world.send(1, 7)`,
  )
  // With koffi it matters that the modules of a rank know that they are one's.
  const env = { NODE_COMPILE_CACHE: join(folder, 'cache'), NODE_V8_COVERAGE: '', NODE_OPTIONS: '', SKEIN_FFI: 'koffi' }
  const run = (...args: string[]) => skein(['mpirun', '-n', '2', program, ...args], { env })
  assert.equal(run().stdout, '2 modules true\n')
  assert.equal(run().stdout, '2 pack true\n')
  const failed = run('fail')
  assert.equal(failed.status, 1)
  // Places in the source, as of Node's modules.
  assert.match(failed.stderr, /MpiError: send.*comm\/point-to-point\.ts:\d+:\d+.*program\.mjs:6:/s)
})
