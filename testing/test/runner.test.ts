// The test runner on small files that go wrong in every way, by way of `scripts/test.ts` itself.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

const script = join(import.meta.dirname, '../../scripts/test.ts')

/** Runs the files as `npm test -- .test.ts [args]` does; the lines it printed, paths and times cut out of them. */
function runTests(files: Record<string, string>, args: string[] = [], env: Record<string, string> = {}) {
  const root = mkdtempSync(join(tmpdir(), 'skein-runner-'))
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text)
    const { NODE_TEST_CONTEXT: _nested, CI: _ci, FORCE_COLOR: _color, ...clean } = process.env
    const run = spawnSync(process.execPath, [script, `--root=${root}`, ...(args.length > 0 ? args : ['.test.ts'])], {
      encoding: 'utf8',
      env: { ...clean, ...env, NO_COLOR: '1' },
      timeout: 60_000,
    })
    const lines = run.stdout
      .replaceAll(root, '')
      .replace(/\(\d+\.\d s\)/g, '(T)')
      .trimEnd()
      .split('\n')
    return { code: run.status, lines, last: lines.at(-1) }
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

const one = "import { test, describe } from 'node:test'\n"

test('passes, failures and skips are told with their places and reasons', () => {
  const { code, lines } = runTests({
    'a.test.ts': `${one}test('good', () => {})
test('bad', () => { throw new RangeError('too far', { cause: new Error('the map') }) })
describe('suite', () => {
  test('inner', () => { throw new Error('deep') })
  describe('deeper', () => { test('good too', () => {}) })
})
test('absent', { skip: 'no moon' }, () => {})
describe.skip('all of it', () => { test('never', () => {}) })
test('later', { todo: 'when it rains' }, () => { throw new Error('not yet') })
console.log('seed 7')
`,
  })
  assert.equal(code, 1)
  const text = lines.filter(line => !/^\s+at /.test(line)).join('\n')
  for (const part of [
    '✖ a.test.ts:3 bad\n    RangeError [Error]: too far',
    'Error: the map',
    '✖ a.test.ts:5 suite › inner\n    Error: deep',
    'what a.test.ts printed:\n    seed 7',
    '✖ a.test.ts: 2 passed, 3 skipped, 2 failed (T)',
    '  no moon\n    a.test.ts:8 absent',
    '  no reason given\n    a.test.ts:9 all of it',
    '  to do: when it rains\n    a.test.ts:10 later',
    'failed:\n  a.test.ts:3 bad\n  a.test.ts:5 suite › inner\n2 passed, 2 failed, 3 skipped',
  ])
    assert.ok(text.includes(part), `${JSON.stringify(part)} is not in\n${text}`)
})

test('all well: exit code 0', () => {
  const { code, lines } = runTests({
    'a.test.ts': `${one}test('good', () => {})`,
    'b.test.ts': `${one}test('b', () => {})`,
  })
  assert.deepEqual(
    [code, lines.toSorted()],
    [
      0,
      [
        'only 2 files that match, without types, lint, format and arrows',
        '2 passed, 0 failed, 0 skipped',
        '✔ a.test.ts: 1 passed (T)',
        '✔ b.test.ts: 1 passed (T)',
      ].toSorted(),
    ],
  )
})

const broken: [name: string, text: string, story: RegExp][] = [
  ['a file without tests', '', /it runs no test/],
  ['a file that cannot be loaded', "import './nowhere.ts'", /Cannot find module/],
  ['a process that exits with a code', `${one}test('good', () => {}); process.exitCode = 3`, /exit code 3/],
  ['a process that is killed', `${one}test('x', () => process.kill(process.pid, 'SIGKILL'))`, /ended by SIGKILL/],
  ['an error after the tests', `${one}test('x', () => { setTimeout(() => { throw new Error('late') }) })`, /late/],
  [
    'a test that never ends',
    `${one}setInterval(() => {}, 9); test('stuck', () => new Promise(() => {}))`,
    /did not end in 2 s and was killed inside 'stuck'/,
  ],
  [
    'a timer that is left',
    `${one}test('x', () => { setInterval(() => {}, 9) })`,
    /did not end in 2 s .* with no test open/,
  ],
  [
    'a blocked main thread',
    `${one}test('x', () => { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0) })`,
    /did not end in 2 s/,
  ],
]
for (const [name, text, story] of broken)
  test(`${name}: a failure, and the next file runs`, () => {
    const run = runTests({ 'a.test.ts': text, 'b.test.ts': `${one}test('good', () => {})` }, [
      '.test.ts',
      '--timeout=2',
    ])
    assert.equal(run.code, 1)
    assert.match(run.lines.join('\n'), story)
    assert.ok(run.lines.includes('✔ b.test.ts: 1 passed (T)'))
    assert.match(run.last!, /^[12] passed, 1 failed, 0 skipped$/)
  })

test('a pattern that matches nothing is a failure', () => {
  const { code, last, lines } = runTests({ 'a.test.ts': `${one}test('good', () => {})` }, ['elsewhere'])
  assert.deepEqual([code, last], [1, '0 passed, 1 failed, 0 skipped'])
  assert.ok(lines.includes('  no test matches elsewhere'))
})

test('--name runs the tests of that name', () => {
  const files = {
    'a.test.ts': `${one}test('good', () => {})\ntest('bad', () => { throw 1 })`,
    'b.test.ts': `${one}test('bad', () => { throw 1 })`,
  }
  const { code, last } = runTests(files, ['--name=good'])
  assert.deepEqual([code, last], [0, '1 passed, 0 failed, 0 skipped'])
})

test('an absent component is a skip with its reason, and a failure where CI is set', () => {
  const components = JSON.stringify(join(import.meta.dirname, '../src/components.ts'))
  const text = `${one}import { needs } from ${components}\ntest('equals C', { skip: needs('gcc') }, () => {})`
  const nothing = { PATH: '/nonexistent' }
  const local = runTests({ 'a.test.ts': text }, ['.test.ts'], nothing)
  assert.deepEqual([local.code, local.last], [0, '0 passed, 0 failed, 1 skipped'])
  assert.match(local.lines.join('\n'), /skipped:\n {2}gcc is absent: .*; to have it: .*gcc/)
  const ci = runTests({ 'a.test.ts': text }, ['.test.ts'], { ...nothing, CI: 'true' })
  assert.deepEqual([ci.code, ci.last], [1, '0 passed, 1 failed, 0 skipped'])
})

test('a file named so runs alone, after the others', () => {
  const mark = (name: string) => `${one}import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
const at = (name: string) => join(import.meta.dirname, name)
test('writes', async () => {
  await new Promise(done => setTimeout(done, 200))
  writeFileSync(at('${name}'), '')
})
`
  const { code, last } = runTests({
    'a.alone.test.ts': `${mark('a')}test('comes last', () => { if (!existsSync(at('b')) || !existsSync(at('c'))) throw new Error('early') })`,
    'a2.alone.test.ts': `${mark('a2')}test('comes after it', () => { if (!existsSync(at('a'))) throw new Error('beside') })`,
    'b.test.ts': mark('b'),
    'c.test.ts': mark('c'),
  })
  assert.deepEqual({ code, last }, { code: 0, last: '6 passed, 0 failed, 0 skipped' })
})
