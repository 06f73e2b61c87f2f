import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { arrowsOfRepository, readArrows, readRooms } from '../src/arrows.ts'

/** Rooms of the fake house, `folder: package name`. */
const rooms: Record<string, string> = {
  'foundation/base': '@skein/base',
  'foundation/heap': '@skein/heap',
  'compute/kernel': '@skein/kernel',
  'compute/array': '@skein/array',
  'cluster/mpi': '@skein/mpi',
  'scale/frame': '@skein/frame',
  'apps/cli': '@skein/cli',
  skein: 'skein',
  testing: '@skein/testing',
  examples: '@skein/examples',
}

/** Builds a house of empty rooms with these files in it, hands its folder over, and clears it away. */
function inHouse<T>(files: Record<string, string>, look: (root: string) => T): T {
  const root = mkdtempSync(join(tmpdir(), 'skein-arrows-'))
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  try {
    write('package.json', JSON.stringify({ workspaces: Object.keys(rooms) }))
    const options = { module: 'nodenext', noEmit: true, allowImportingTsExtensions: true, types: [] }
    write('tsconfig.json', JSON.stringify({ compilerOptions: options, include: Object.keys(rooms) }))
    for (const [folder, name] of Object.entries(rooms)) {
      const exports = { '.': './src/index.ts', './wasm': './src/wasm/index.ts' }
      write(`${folder}/package.json`, JSON.stringify({ name, type: 'module', exports }))
      write(`${folder}/src/index.ts`, 'export {}\n')
    }
    for (const [path, text] of Object.entries(files)) write(path, text)
    return look(root)
  } finally {
    rmSync(root, { recursive: true })
  }
}

const cases: [name: string, files: Record<string, string>, broken: string[]][] = [
  [
    'arrows down, within a floor and within a room',
    {
      'compute/array/src/index.ts':
        "import '@skein/kernel'\nimport '@skein/heap'\nimport './map.ts'\nimport 'node:fs'\n",
      'compute/array/src/map.ts': "import type {} from '@skein/base'\n",
      'scale/frame/src/index.ts': "import '@skein/array'\nimport '@skein/mpi'\n",
      'apps/cli/src/index.ts': "import '@skein/frame'\nimport '@skein/base'\n",
      'skein/src/index.ts': "export * from '@skein/cli'\nexport * from '@skein/kernel/wasm'\n",
      'examples/src/index.ts': "import 'skein'\nimport '@skein/testing'\n",
    },
    [],
  ],
  [
    'an arrow that points up',
    { 'foundation/heap/src/index.ts': "\nimport { kernel } from '@skein/kernel'\nkernel\n" },
    ['foundation/heap/src/index.ts:2 imports @skein/kernel: points up'],
  ],
  [
    'a type that points up',
    { 'compute/kernel/src/index.ts': "export type { Table } from '@skein/frame'\n" },
    ['compute/kernel/src/index.ts:1 imports @skein/frame: points up'],
  ],
  [
    'a dynamic import, an import type and a worker file that point up',
    {
      'foundation/base/src/index.ts': "export const late = () => import('@skein/cli')\n",
      'foundation/base/src/types.ts': "export type A = import('skein').Kernel\n",
      'foundation/base/src/worker.ts': "export const u = new URL('../../../apps/cli/src/index.ts', import.meta.url)\n",
    },
    [
      'foundation/base/src/index.ts:1 imports @skein/cli: points up',
      'foundation/base/src/types.ts:1 imports skein: points up',
      'foundation/base/src/worker.ts:1 imports ../../../apps/cli/src/index.ts: points up',
      'foundation/base/src/worker.ts:1 imports ../../../apps/cli/src/index.ts: reaches into apps/cli by a path; import it by its package name',
    ],
  ],
  [
    'compute and cluster',
    {
      'compute/kernel/src/index.ts': "import '@skein/mpi'\n",
      'cluster/mpi/src/index.ts': "import '@skein/array'\n",
    },
    [
      'cluster/mpi/src/index.ts:1 imports @skein/array: cluster and compute do not know each other',
      'compute/kernel/src/index.ts:1 imports @skein/mpi: compute and cluster do not know each other',
    ],
  ],
  [
    'testing and examples in source, but not in tests',
    {
      'compute/kernel/src/index.ts': "import '@skein/testing'\nimport '@skein/examples'\n",
      'compute/kernel/test/a.test.ts': "import '@skein/testing'\nimport 'skein'\n",
    },
    [
      'compute/kernel/src/index.ts:1 imports @skein/testing: source never imports testing',
      'compute/kernel/src/index.ts:2 imports @skein/examples: source never imports examples',
    ],
  ],
  [
    'source that imports a test of its own floor',
    {
      'compute/kernel/src/index.ts': "import '../test/fixture.ts'\n",
      'compute/kernel/test/fixture.ts': 'export {}\n',
    },
    ['compute/kernel/src/index.ts:1 imports ../test/fixture.ts: source never imports tests'],
  ],
  [
    'a path into another room',
    { 'compute/array/src/index.ts': "import '../../kernel/src/index.ts'\n" },
    [
      'compute/array/src/index.ts:1 imports ../../kernel/src/index.ts: reaches into compute/kernel by a path; import it by its package name',
    ],
  ],
  [
    'a circle of rooms that is none of files',
    {
      'compute/kernel/src/extra.ts': "import '@skein/array'\n",
      'compute/array/src/index.ts': "import '@skein/kernel/wasm'\n",
      'compute/kernel/src/wasm/index.ts': 'export {}\n',
    },
    [
      'a circle of rooms: compute/array/src/index.ts:1 imports @skein/kernel/wasm, compute/kernel/src/extra.ts:1 imports @skein/array',
    ],
  ],
  [
    'a circle of files, entered from outside of it',
    {
      'foundation/base/src/index.ts': "import './a.ts'\n",
      'foundation/base/src/a.ts': "import './b.ts'\n",
      'foundation/base/src/b.ts': "import './c.ts'\n",
      'foundation/base/src/c.ts': "import type {} from './a.ts'\n",
    },
    [
      'a circle of files: foundation/base/src/a.ts:1 imports ./b.ts, foundation/base/src/b.ts:1 imports ./c.ts, foundation/base/src/c.ts:1 imports ./a.ts',
    ],
  ],
  [
    'a file that imports its own package',
    { 'foundation/base/src/index.ts': "import '@skein/base'\n" },
    ['a circle of files: foundation/base/src/index.ts:1 imports @skein/base'],
  ],
]

for (const [name, files, broken] of cases)
  test(name, () => assert.deepEqual(inHouse(files, arrowsOfRepository).sort(), [...broken].sort()))

test('what stands in strings and comments is no import', () => {
  const text = "// import '@skein/cli'\nexport const s = \"import '@skein/cli'\"\n/* export * from '@skein/cli' */\n"
  const arrows = inHouse({ 'foundation/base/src/index.ts': text }, root => readArrows(root, readRooms(root)))
  assert.deepEqual(arrows, [])
})
