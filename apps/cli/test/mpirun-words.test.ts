// What the words of `skein mpirun` mean: hosts, places, and the command lines of the libraries' launchers.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { NotSupportedError } from '@skein/base'
import { UsageError } from '../src/errors.ts'
import { HostfileError, hostsOf, isHere, readHostfile } from '../src/mpirun/hosts.ts'
import { type Options, spelling } from '../src/mpirun/options.ts'
import { placeOnThreads, rangesOf, readTopology, type Topology } from '../src/mpirun/placement.ts'
import { programsOf } from '../src/mpirun/programs.ts'
import { wordsFor } from '../src/mpirun/under-library.ts'
import { fixture } from './skein.ts'

const work = mkdtempSync(join(tmpdir(), 'skein-mpirun-words-'))
after(() => rmSync(work, { recursive: true, force: true }))
const file = fixture('ranks.ts')

const hostfile = (text: string): string => {
  const path = join(work, 'hosts')
  writeFileSync(path, text)
  return path
}

test('hostfiles of Open MPI and of MPICH', () => {
  const text = `# the cluster
a slots=4 max_slots=8   # the big one
b:2

c
[::1]:3
d.example.org slots=2 user=me
a slots=1
`
  assert.deepEqual(readHostfile(hostfile(text)), [
    { name: 'a', slots: 5 },
    { name: 'b', slots: 2 },
    { name: 'c', slots: undefined },
    { name: '[::1]', slots: 3 },
    { name: 'd.example.org', slots: 2, user: 'me' },
  ])
})

const nonsense: [text: string, line: number, says: RegExp][] = [
  ['a\n\nb slots=many', 3, /'many' is no number of slots/],
  ['a slots=0', 1, /'0' is no number of slots/],
  ['a:x', 1, /'x' is no number of slots/],
  ['a slots', 1, /'slots' is no setting: settings are slots=4/],
  ['a slot=4', 1, /there is no setting 'slot' of a host. Did you mean slots\?/],
  ['a speed=4', 1, /there is no setting 'speed' of a host: there are slots, max_slots, user/],
  ['a slots=4 slots=5', 1, /a has slots twice/],
  ['a:4 slots=5', 1, /a has slots twice/],
  ['a slots=4 max_slots=2', 1, /more slots \(4\) than it may have at most \(2\)/],
  ['# nothing\n', 1, /names no host/],
  ['a\n$%&', 2, /'\$%&' is no name of a host/],
  ['a\n{"hosts": 1}', 2, /is no name of a host/],
  ['a user=', 1, /user= names nobody/],
]
for (const [text, line, says] of nonsense) {
  test(`a hostfile with nonsense: ${JSON.stringify(text)}`, () => {
    const path = hostfile(text)
    assert.throws(
      () => readHostfile(path),
      (error: unknown) => {
        assert.ok(error instanceof HostfileError)
        assert.equal(error.file, path)
        assert.equal(error.line, line)
        assert.ok(error.message.startsWith(`${path}:${line}: `))
        assert.match(error.message, says)
        return true
      },
    )
  })
}

test('a hostfile that is not there', () => {
  assert.throws(() => readHostfile(join(work, 'nowhere')), /the hostfile .*nowhere cannot be read/)
})

test('hosts on the command line', () => {
  assert.deepEqual(hostsOf(['a:4,b', 'a']), [
    { name: 'a', slots: 5 },
    { name: 'b', slots: 1 },
  ])
  for (const list of ['', 'a,,b', 'a:', 'a:-1', 'a b']) assert.throws(() => hostsOf([list]), UsageError, list)
})

test('this machine by its names', () => {
  for (const name of ['localhost', '127.0.0.1', '127.1.2.3', '[::1]', hostname(), hostname().toUpperCase()]) {
    assert.ok(isHere({ name, slots: 1 }), name)
  }
  for (const name of ['node7', 'localhost.example.org', '192.0.2.1']) assert.ok(!isHere({ name, slots: 1 }), name)
})

test('options as other launchers spell them', () => {
  const table: [typed: string, declared: string][] = [
    ['-np', '--np'],
    ['-c', '--np'],
    ['-n', '-n'],
    ['-x', '-x'],
    ['-hostfile', '--hostfile'],
    ['-f', '--hostfile'],
    ['-machinefile', '--hostfile'],
    ['-host', '--host'],
    ['-hosts', '--host'],
    ['-wdir', '--wdir'],
    ['-wd', '--wdir'],
    ['-map-by', '--map-by'],
    ['-tag-output', '--tag-output'],
    ['-n4', '-n4'],
    ['--timeout', '--timeout'],
  ]
  for (const [typed, declared] of table) assert.equal(spelling(typed), declared, typed)
})

test('programs with a colon between them', () => {
  const slots = (lists: readonly string[]) => (lists.length === 0 ? [{ name: 'localhost', slots: 7 }] : hostsOf(lists))
  const of = (rest: string, options: Options = {}) =>
    programsOf(file, rest.split(' ').filter(Boolean), options, slots).map(({ ranks, args, hosts }) => [
      ranks,
      args,
      hosts.map(({ name }) => name),
    ])
  assert.deepEqual(of('a b'), [[7, ['a', 'b'], ['localhost']]])
  assert.deepEqual(of(`a : -np 2 -host h:2 ${file} b -n 3 : -n 1 ${file}`, { np: 1 }), [
    [1, ['a'], ['localhost']],
    [2, ['b', '-n', '3'], ['h']],
    [1, [], ['localhost']],
  ])
  assert.throws(() => of(`: -n 1 ${file}`), /say with -n how many ranks/)
  assert.throws(
    () => of(`: -n 1 --timeout 3 ${file}`, { np: 1 }),
    /--timeout is for all programs: it stands before the first/,
  )
  assert.throws(() => of(': -n 1', { np: 1 }), /missing required argument 'file'/)
  assert.throws(() => of(`: -n 1 ${file}x`, { np: 1 }), /there is no file/)
  assert.throws(() => programsOf('node', ['x.ts'], {}, slots), /leave the word node out/)
  assert.throws(() => of('', { export: ['1A=2'] }), /-x takes NAME or NAME=value/)
  assert.throws(() => of('', { export: ['SKEIN_TEST_ABSENT'] }), /there is no such variable here/)
})

/** Two sockets of two cores of two hardware threads, numbered as Linux likes to. */
const large: Topology = {
  hwthreads: [0, 1, 2, 3, 4, 5, 6, 7],
  cores: [
    [0, 4],
    [1, 5],
    [2, 6],
    [3, 7],
  ],
  sockets: [
    [0, 1, 4, 5],
    [2, 3, 6, 7],
  ],
  numas: [
    [0, 1, 4, 5],
    [2, 3, 6, 7],
  ],
}

test('where ranks go', () => {
  const table: [wishes: Options, on: string[]][] = [
    [{}, ['0-7', '0-7', '0-7']],
    [{ bindTo: 'core' }, ['0,4', '1,5', '2,6', '3,7', '0,4']],
    [{ bindTo: 'hwthread' }, ['0', '1', '2']],
    [{ bindTo: 'hwthread', mapBy: 'hwthread' }, ['0', '1', '2', '3', '4', '5', '6', '7', '0']],
    [{ bindTo: 'socket' }, ['0-1,4-5', '0-1,4-5', '2-3,6-7']],
    [{ bindTo: 'core', mapBy: 'socket' }, ['0,4', '2,6', '1,5', '3,7']],
    [{ bindTo: 'numa', mapBy: 'numa' }, ['0-1,4-5', '2-3,6-7', '0-1,4-5']],
    [{ bindTo: 'core', mapBy: 'node' }, ['0,4', '1,5']],
    [{ bindTo: 'core', mapBy: 'slot:PE=2' }, ['0-1,4-5', '2-3,6-7', '0-1,4-5']],
    [{ bindTo: 'node' }, ['0-7']],
  ]
  for (const [wishes, on] of table) {
    const placed = placeOnThreads(on.length, wishes, large)
    assert.deepEqual(placed.on.map(rangesOf), on, JSON.stringify(wishes))
    assert.equal(placed.bound, wishes.bindTo !== undefined)
  }
})

test('places that there are not', () => {
  const place = (wishes: Options) => () => placeOnThreads(5, wishes, large)
  assert.throws(place({ mapBy: 'sockt' }), /--map-by sockt: there is no sockt to go by. Did you mean socket\?/)
  assert.throws(place({ mapBy: 'none' }), UsageError)
  assert.throws(place({ bindTo: 'l3cache' }), NotSupportedError)
  assert.throws(place({ mapBy: 'ppr:2:node' }), NotSupportedError)
  assert.throws(place({ mapBy: 'core', rankBy: 'socket' }), NotSupportedError)
  assert.throws(place({ mapBy: 'core:NOOVERSUBSCRIBE' }), /5 ranks do not fit on 4 cores/)
})

test('the cores of this machine', { skip: process.platform !== 'linux' && 'only Linux tells' }, () => {
  const { hwthreads, cores, sockets } = readTopology()
  assert.ok(hwthreads.length > 0)
  for (const parts of [cores, sockets])
    assert.deepEqual(
      parts.flat().sort((a, b) => a - b),
      hwthreads,
    )
})

/** The words for a library's launcher, without the way the program is started. */
function words(name: 'openmpi' | 'mpich', options: Options, hosts: readonly string[] = []): string {
  const programs = programsOf(file, ['a'], { np: 2, ...options }, () => (hosts.length === 0 ? [] : hostsOf(hosts)))
  const all = wordsFor({ programs, size: 2, options }, name)
  const from = all.findIndex(word => /\/(setpriv|node)$/.test(word))
  // On this machine its modules are where they are here.
  const preload = hosts.length === 0 ? ['--import', import.meta.resolve('@skein/mpi/preload-native')] : []
  assert.deepEqual(all.slice(-3 - preload.length), [process.execPath, ...preload, file, 'a'])
  return all.slice(0, from).join(' ')
}

test('the command line of Open MPI', () => {
  const table: [options: Options, words: string][] = [
    [{}, '-x SKEIN_MPI_ENGINE --oversubscribe -n 2'],
    [
      {
        mapBy: 'ppr:1:socket',
        rankBy: 'core',
        bindTo: 'none',
        tagOutput: true,
        timestampOutput: true,
        displayMap: true,
      },
      '-x SKEIN_MPI_ENGINE --oversubscribe --map-by ppr:1:socket --rank-by core --bind-to none --tag-output --timestamp-output --display-map -n 2',
    ],
    [
      { stdin: 'all', output: '/o' },
      '-x SKEIN_MPI_ENGINE --oversubscribe --output-filename /o:nocopy --stdin all -n 2',
    ],
    [{ export: ['A=1', 'PATH'], wdir: '/' }, '-x SKEIN_MPI_ENGINE --oversubscribe -n 2 -x A=1 -x PATH --wdir /'],
  ]
  for (const [options, expected] of table) assert.equal(words('openmpi', options), expected)
  assert.equal(words('openmpi', {}, ['a:4,b']), '-x SKEIN_MPI_ENGINE --host a:4,b:1 -n 2')
})

test('the command line of MPICH', () => {
  const table: [options: Options, words: string][] = [
    [{}, '-n 2'],
    [{ mapBy: 'node', rankBy: 'slot', bindTo: 'core', tagOutput: true }, '-ppn 1 -bind-to core -prepend-rank -n 2'],
    [{ output: '/o' }, '-outfile-pattern /o/rank.%r/stdout -errfile-pattern /o/rank.%r/stderr -n 2'],
    [{ export: ['A=1', 'PATH'], wdir: '/' }, '-n 2 -env A 1 -wdir /'],
  ]
  for (const [options, expected] of table) assert.equal(words('mpich', options), expected)
  assert.equal(words('mpich', {}, ['a:4,b']), '-hosts a:4,b:1 -n 2')
  for (const options of [{ timestampOutput: true }, { rankBy: 'core' }, { stdin: 'all' }, { displayMap: true }]) {
    assert.throws(() => words('mpich', options), NotSupportedError)
  }
})

test('places that a launcher does not know are refused here: MPICH takes any, and goes by slots', () => {
  for (const name of ['openmpi', 'mpich'] as const)
    assert.throws(
      () => words(name, { mapBy: 'sockt' }),
      /--map-by sockt: there is no sockt to go by. Did you mean socket/,
    )
  assert.equal(words('mpich', { bindTo: 'user:0,1' }), '-bind-to user:0,1 -n 2')
})

test('hosts of each program', () => {
  const programs = programsOf(file, `: -n 1 --host b ${file}`.split(' '), { np: 1, host: ['a'] }, hostsOf)
  const plan = { programs, size: 2, options: {} }
  const told = wordsFor(plan, 'openmpi').join(' ')
  assert.match(told, /-n 1 --host a:1 .* : -n 1 --host b:1 /)
  assert.throws(() => wordsFor(plan, 'mpich'), NotSupportedError)
  const [program] = programs
  const named = { ...program, hosts: [{ name: 'a', slots: 1, user: 'me' }] }
  assert.throws(() => wordsFor({ ...plan, programs: [named] }, 'openmpi'), /~\/\.ssh\/config/)
})
