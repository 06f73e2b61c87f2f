// The command line itself: help, words that are unknown, exit codes, colours.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { commands } from '../src/commands.ts'
import { distance, nearest } from '../src/nearest.ts'
import { table, wrap } from '../src/table.ts'
import { escapeCode, skein } from './skein.ts'

test('help lists every command, with and without being asked', () => {
  for (const args of [[], ['help'], ['--help'], ['-h']]) {
    const { status, stdout, stderr } = skein(args)
    assert.equal(status, 0, stderr)
    for (const { name, summary } of commands)
      assert.match(stdout, new RegExp(`^  ${name} +${summary.slice(0, 20)}`, 'm'))
  }
})

for (const { name, examples } of commands) {
  test(`help of ${name}: usage, options, its examples`, () => {
    const asked = skein(['help', name])
    assert.equal(asked.status, 0, asked.stderr)
    assert.match(asked.stdout, new RegExp(`^Usage: skein ${name}`))
    assert.match(asked.stdout, /--verbose/)
    for (const [line] of examples) assert.ok(asked.stdout.includes(line), line)
    assert.equal(skein([name, '--help']).stdout, asked.stdout)
  })
}

test('the version is that of the package', () => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  for (const flag of ['--version', '-V']) assert.equal(skein([flag]).stdout, `${version}\n`)
})

const wrong: [line: string, says: RegExp][] = [
  ['frobnicate', /^skein: unknown command 'frobnicate'$/m],
  ['exlpain', /unknown command 'exlpain'. Did you mean explain\?/],
  ['help exlpain', /there is no command 'exlpain'. Did you mean explain\?/],
  ['--frob', /^skein: unknown option '--frob'$/m],
  ['run', /^skein run: missing required argument 'file'$/m],
  ['run --thread 3 x.ts', /unknown option '--thread'. Did you mean --threads\?/],
  ['run --threads none x.ts', /'none' is invalid. It is a whole number from 1 to 256/],
  ['run --threads 0 x.ts', /'0' is invalid/],
  ['run --heap-max lots x.ts', /'lots' is invalid. It is a number of bytes/],
  ['run nowhere.ts', /there is no file nowhere\.ts/],
  ['run .', /\. is not a file/],
  ['mpirun', /missing required argument 'file'/],
  ['mpirun -n 0 x.ts', /'0' is invalid. It is a number of ranks/],
  ['mpirun -n 2 nowhere.ts', /there is no file nowhere\.ts/],
  ['mpirun -n 2 node pi.ts', /leave the word node out/],
  ['mpirun --stdin me x.ts', /'me' is invalid. It is the number of a rank, all or none/],
  ['mpirun --engine mpi x.ts', /Allowed choices are threads, openmpi, mpich/],
  ['mpirun --hostfile nowhere x.ts', /the hostfile nowhere cannot be read/],
  ['mpirun --tagoutput x.ts', /unknown option '--tagoutput'. Did you mean --tag-output\?/],
  ['lock', /missing required argument 'name'/],
  ['lock x', /what to run stands behind --/],
  ['lock a/b -- true', /a name is a text of at least one character, without \//],
  ['lock x -- no-such-program', /there is no program no-such-program/],
  ['lock --permits 0 x -- true', /'0' is invalid. It is a whole number from 1/],
  ['lock --permits 2 --shared x -- true', /--shared and --permits do not go together/],
  ['lock --wait soon x -- true', /'soon' is invalid. It is a number of seconds/],
  ['lock --exit-code-if-busy 256 x -- true', /It is an exit code from 0 to 255/],
  ['lock --store memory: x -- true', /memory: is of one process alone/],
  ['lock --store ftp://x x -- true', /url must be memory:, file:path or etcd:/],
  ['elect x', /what to run stands behind --/],
  ['elect --observe x -- true', /with --observe nothing is run/],
  ['explain', /missing required argument 'file'/],
  ['explain x.ts --level deep', /Allowed choices are ir, passes, code, all/],
  ['explain nowhere.ts#x', /there is no file nowhere\.ts/],
  ['completion tcsh', /Allowed choices are bash, zsh, fish/],
  ['doctor now', /too many arguments/],
]
for (const [line, says] of wrong) {
  test(`usage error: skein ${line}`, () => {
    const { status, stdout, stderr } = skein(line.split(' '))
    assert.equal(status, 2, stderr)
    assert.equal(stdout, '')
    assert.match(stderr, says)
    assert.match(stderr, /See 'skein help/)
    assert.doesNotMatch(stderr, /\n\s+at /, 'no stack')
  })
}

test('no colours where nothing is a terminal, unless they are forced', () => {
  for (const args of [['help'], ['help', 'run'], ['frobnicate']]) {
    const { stdout, stderr } = skein(args)
    assert.ok(!(stdout + stderr).includes(escapeCode), args.join(' '))
    const forced = skein(args, { env: { FORCE_COLOR: '1' } })
    assert.ok((forced.stdout + forced.stderr).includes(escapeCode), args.join(' '))
    const both = skein(args, { env: { FORCE_COLOR: '1', NO_COLOR: '1' } })
    assert.ok(!(both.stdout + both.stderr).includes(escapeCode), args.join(' '))
  }
})

test('a reader that stops reading is no failure', () => {
  const { status, stderr } = skein(['run', new URL('fixtures/head.mjs', import.meta.url).pathname])
  assert.equal(status, 0, stderr)
})

test('distance is a metric on short words, and the nearest word is near', () => {
  const word = fc.string({ maxLength: 8 })
  fc.assert(
    fc.property(word, word, (a, b) => {
      assert.equal(distance(a, a), 0)
      assert.equal(distance(a, b), distance(b, a))
      assert.ok(distance(a, b) <= Math.max(a.length, b.length))
      assert.ok(distance(a, b) >= Math.abs(a.length - b.length))
    }),
  )
  assert.equal(distance('explain', 'exlpain'), 1)
  assert.equal(nearest('ru', ['run', 'bench']), 'run')
  assert.equal(nearest('frobnicate', ['run', 'bench']), undefined)
  assert.equal(nearest('x', ['run', 'a']), undefined)
  assert.equal(nearest('x', []), undefined)
})

test('tables: columns are aligned, the last one is wrapped to the width', () => {
  assert.equal(
    table([
      ['a', 'bb', 'c'],
      ['aaa', 'b', 'c'],
    ]),
    'a    bb  c\naaa  b   c',
  )
  assert.equal(
    table(
      [
        ['x', '1'],
        ['y', '10'],
      ],
      { right: [1], indent: 1 },
    ),
    ' x   1\n y  10',
  )
  const wrapped = table([['k', 'one two three four five six seven']], { width: 28 })
  assert.deepEqual(wrapped.split('\n'), ['k  one two three four five', '   six seven'])
  assert.equal(table([]), '')
  fc.assert(
    fc.property(fc.lorem({ maxCount: 30 }), fc.integer({ min: 1, max: 60 }), (text, width) => {
      const lines = wrap(text, width)
      assert.equal(lines.join(' '), text)
      for (const line of lines) assert.ok(line.length <= width || !line.includes(' '), line)
    }),
  )
})
