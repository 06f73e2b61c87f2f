// The documents tell the truth: marked examples compile and run, relative links lead somewhere, the npm scripts that
// are named exist.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { readRooms } from '../src/arrows.ts'
import { readExamples, readLinks } from '../src/docs.ts'

const root = join(import.meta.dirname, '../..')
const documents = globSync(
  [
    '*.md',
    'docs/**/*.md',
    '{foundation,compute,cluster,scale,apps}/*/README.md',
    '{skein,examples,bench,testing}/README.md',
  ],
  {
    cwd: root,
  },
).map(path => ({ path, text: readFileSync(join(root, path), 'utf8') }))

const examples = documents.flatMap(({ path, text }) => readExamples(path, text))
const files = new Map(examples.map(example => [example, `${example.place.replace(/\W+/g, '-')}.ts`]))

// A folder that resolves packages as the house does.
const work = mkdtempSync(join(tmpdir(), 'skein-docs-'))
after(() => rmSync(work, { recursive: true, force: true }))
symlinkSync(join(root, 'node_modules'), join(work, 'node_modules'), 'junction')
writeFileSync(join(work, 'package.json'), '{ "type": "module" }')
const {
  noUnusedLocals: _l,
  noUnusedParameters: _p,
  ...compilerOptions
} = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8')).compilerOptions
writeFileSync(join(work, 'tsconfig.json'), JSON.stringify({ compilerOptions }))
for (const [example, file] of files) writeFileSync(join(work, file), example.text)

test('the README shows an example that runs', () => {
  assert.ok(
    examples.some(({ place, kind }) => place.startsWith('README.md:') && kind === 'run'),
    'no ```ts run block',
  )
})

test('every marked example type-checks', { skip: examples.length === 0 && 'no document has one' }, () => {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const run = spawnSync(process.execPath, [tsc, '-p', work, '--pretty', 'false'], { cwd: work, encoding: 'utf8' })
  let found = run.stdout
  for (const [{ place }, file] of files) found = found.replaceAll(file, place.replace(/:\d+$/, ''))
  assert.equal(run.status, 0, found)
})

for (const [example, file] of files)
  if (example.kind === 'run')
    test(`${example.place} runs`, () => {
      const run = spawnSync(process.execPath, [file], { cwd: work, encoding: 'utf8', timeout: 120_000 })
      assert.equal(run.status, 0, `${run.stdout}${run.stderr}`)
    })

test('relative links lead to files', () => {
  const dead = documents
    .flatMap(({ path, text }) =>
      readLinks(path, text).map(link => ({ ...link, file: join(root, dirname(path), link.target) })),
    )
    .filter(({ file }) => !existsSync(file))
  assert.deepEqual(
    dead.map(({ place, target }) => `${place} ${target}`),
    [],
  )
})

test('named npm scripts exist', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const unknown = documents.flatMap(({ path, text }) =>
    [...text.matchAll(/\bnpm run ([\w:]+)/g)]
      .map(([, script]) => ({ path, script }))
      .filter(({ script }) => !(script in scripts)),
  )
  assert.deepEqual(unknown, [])
})

test('docs/dependencies.md says why of every dependency', () => {
  const text = documents.find(({ path }) => path === join('docs', 'dependencies.md'))!.text
  const manifests = ['.', ...readRooms(root).map(({ folder }) => folder)].map(folder =>
    JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')),
  )
  const ours = new Set(manifests.map(({ name }) => name))
  const missing = manifests.flatMap(({ name, ...manifest }) =>
    ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies']
      .flatMap(field => Object.keys(manifest[field] ?? {}))
      .filter(dependency => !ours.has(dependency) && !text.includes(`\`${dependency}\``))
      .map(dependency => `${dependency} of ${name}`),
  )
  assert.deepEqual(missing, [])
})

const sample = [
  '# Title',
  'See [the map](docs/map.md#rooms), [a site](https://example.org), `[no](link.md)`.',
  '```ts',
  'a fragment [x](y.md)',
  '```',
  '- an item',
  '  ```ts run',
  '  const n: number = 1',
  '',
  '    deeper(n)',
  '  ```',
  '~~~ts check',
  '```',
  '~~~',
].join('\n')

test('marked blocks are read with their places, fragments are not', () => {
  assert.deepEqual(readExamples('a.md', sample), [
    { place: 'a.md:8', kind: 'run', text: `${'\n'.repeat(7)}const n: number = 1\n\n  deeper(n)` },
    { place: 'a.md:13', kind: 'check', text: `${'\n'.repeat(12)}\`\`\`` },
  ])
})

test('a mark misspelled and a fence left open are errors', () => {
  assert.throws(() => readExamples('a.md', '```ts runs\n```'), /a\.md:1: .* not 'runs'/)
  assert.throws(() => readExamples('a.md', 'x\n```ts run\n'), /a\.md:2: the fence opened here is never closed/)
})

test('links are read with their places, those in code are not', () => {
  assert.deepEqual(readLinks('a.md', sample), [{ place: 'a.md:2', target: 'docs/map.md' }])
})
