// `skein mpirun` with ranks that are threads, by programs that need no messages.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { bin, escapeCode, fixture, plainEnvironment, skein } from './skein.ts'

const work = mkdtempSync(join(tmpdir(), 'skein-mpirun-'))
after(() => rmSync(work, { recursive: true, force: true }))
const windows = process.platform === 'win32' && 'signals are a matter of POSIX'
const ranks = fixture('ranks.ts')

/** Lines in the order of their text: ranks print when they come to it. */
const sorted = (text: string): string[] => text.split('\n').filter(Boolean).sort()

const mpirun = (args: string, setting?: Parameters<typeof skein>[1]) =>
  skein(['mpirun', ...args.split(' ').map(word => (word === '$' ? ranks : word))], setting)

test('each rank knows its number and how many there are, and is the main program with its arguments', () => {
  const { status, stdout, stderr } = mpirun('-n 3 $ tell 0 a -n --size 9')
  assert.equal(status, 0, stderr)
  assert.deepEqual(
    sorted(stdout).map(line => JSON.parse(line)),
    [0, 1, 2].map(rank => ({ rank, size: 3, main: true, args: ['a', '-n', '--size', '9'] })),
  )
})

test('other spellings of the number of ranks', () => {
  for (const words of ['-np 2', '-c 2', '--np 2', '--n 2', '-n2', '--np=2', '-stdin none -np 2']) {
    assert.equal(sorted(mpirun(`${words} $ tell`).stdout).length, 2, words)
  }
})

test('a JavaScript program, and one of CommonJS', () => {
  writeFileSync(join(work, 'a.mjs'), 'console.log(import.meta.main, process.argv[2])')
  writeFileSync(join(work, 'b.cjs'), 'console.log(require.main === module, process.argv[2])')
  for (const file of ['a.mjs', 'b.cjs']) {
    assert.equal(skein(['mpirun', '-n', '2', join(work, file), 'x']).stdout, 'true x\ntrue x\n', file)
  }
})

test('several programs are one world, each with ranks, arguments and variables of its own', () => {
  const { status, stdout, stderr } = mpirun('-n 1 -x A=1 $ environment 0 A : -np 2 -x A=2=3 $ environment 0 A B', {
    env: { B: 'mine' },
    cwd: work,
  })
  assert.equal(status, 0, stderr)
  assert.deepEqual(sorted(stdout), [`0 A=1 ${work}`, `1 A=2=3 B=mine ${work}`, `2 A=2=3 B=mine ${work}`])
})

test('the working directory; the program is found from where the command was typed', () => {
  const { stdout, stderr } = skein(['mpirun', '-n', '1', '--wdir', work, 'ranks.ts', 'environment'], {
    cwd: fixture('.'),
  })
  assert.equal(stdout.trim(), `0  ${work}`, stderr)
  const apart = mpirun(`-n 1 --wdir ${work} $ tell : -n 1 --wdir / $ tell`)
  assert.equal(apart.status, 1)
  assert.match(apart.stderr, /The threads engine does not support --wdir of each program/)
})

test('folders that are none are refused, before a launcher hears of them', () => {
  const bad: [options: string, said: RegExp][] = [
    ['--output /proc/nothing', /--output \/proc\/nothing: the folder cannot be made: /],
    [`--output ${fixture('ranks.ts')}/out`, /--output .*\/out: the folder cannot be made: ENOTDIR/],
    ['--wdir /nowhere', /--wdir \/nowhere: there is no such folder/],
    [`--wdir ${fixture('ranks.ts')}`, /--wdir .*: it is no folder/],
  ]
  for (const engine of ['threads', 'openmpi', 'mpich']) {
    for (const [options, said] of bad) {
      const { status, stderr } = mpirun(`--engine ${engine} ${options} -n 1 $ tell`)
      assert.equal(status, 2, stderr)
      assert.match(stderr, said)
    }
  }
})

test('kernels of all ranks share the cores, unless it is said how many threads each has', () => {
  assert.match(mpirun('-n 4096 -x SKEIN_THREADS=3 $ tell').stderr, /has room for 256/)
  const { stdout } = mpirun('-n 64 $ environment 0 SKEIN_THREADS')
  assert.ok(sorted(stdout).every(line => line.includes(' SKEIN_THREADS=1 ')))
  const told = mpirun('-n 2 $ environment 0 SKEIN_THREADS', { env: { SKEIN_THREADS: '3' } })
  assert.ok(sorted(told.stdout).every(line => line.includes(' SKEIN_THREADS=3 ')))
})

test('a rank that ends well leaves the others alone', () => {
  assert.equal(mpirun('-n 3 $ exit 1 0').status, 0)
})

test('the exit code is that of the rank that failed, which ends ranks that wait for it', () => {
  for (const what of ['exit-alone', 'exit']) {
    const { status, stderr } = mpirun(`-n 3 $ ${what} 1 42`)
    assert.equal(status, 42)
    assert.equal(stderr, 'skein mpirun: rank 1 of 3 ended with exit code 42; the others were ended\n')
  }
  assert.equal(mpirun('-n 2 $ exit-code 1 7').status, 7)
})

test('a rank that throws: who, what, where and why', () => {
  const { status, stdout, stderr } = mpirun('-n 2 $ throw 1')
  assert.equal(status, 1)
  assert.match(
    stderr,
    /^skein mpirun: rank 1 of 2 threw; the others were ended:\nRangeError: this is wrong\n +at .*ranks\.ts:/,
  )
  assert.match(stderr, /^caused by Error: for a reason$/m)
  assert.ok(!stderr.includes(escapeCode))
  assert.ok(stdout.split('\n').every(line => line === '' || line === 'waiting'))
  assert.match(mpirun('-n 2 $ reject 0').stderr, /rank 0 of 2 threw.*\nError: nobody caught it/)
})

test('a program that is no program', () => {
  writeFileSync(join(work, 'broken.ts'), 'const const = 1')
  const { status, stderr } = skein(['mpirun', '-n', '2', join(work, 'broken.ts')])
  assert.equal(status, 1)
  assert.match(stderr, /rank [01] of 2 threw.*SyntaxError/s)
})

test('a rank inside a call of the system is ended with the others', { skip: windows }, async () => {
  const child = spawn(process.execPath, [bin, 'mpirun', '-n', '2', ranks, 'read-blocked', '1', '5'], {
    env: plainEnvironment(),
    stdio: ['pipe', 'inherit', 'pipe'],
  })
  const ended = once(child, 'exit')
  let told = ''
  for await (const chunk of child.stderr) told += chunk
  assert.deepEqual(await ended, [5, null])
  assert.match(told, /rank 1 of 2 ended with exit code 5/)
})

test('time is up', () => {
  const { status, stderr } = mpirun('-n 2 --timeout 0.5 $ ready')
  assert.equal(status, 124)
  assert.match(stderr, /^skein mpirun: the ranks were ended after 0.5 s, as --timeout says$/m)
  assert.equal(mpirun('-n 2 --timeout 600 $ tell').status, 0)
})

/** Starts ranks that wait, and gives the process they are in. */
async function waiting() {
  const child = spawn(process.execPath, [bin, 'mpirun', '-n', '3', ranks, 'ready'], {
    env: plainEnvironment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  let told = ''
  for await (const chunk of child.stdout) {
    told += chunk
    if (told.match(/ready/g)?.length === 3) break
  }
  return { child, ended, pids: new Set(told.match(/\d+/g)!.map(Number)) }
}

test('a signal ends all ranks, one that cannot be handled too: they are one process', { skip: windows }, async () => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
    const { child, ended, pids } = await waiting()
    assert.deepEqual(pids, new Set([child.pid]))
    child.kill(signal)
    assert.deepEqual(await ended, [null, signal])
  }
})

test('interrupted, the shell sees 130', { skip: windows }, async () => {
  const shell = spawn(
    'sh',
    ['-c', '"$@"; echo "code $?"', 'sh', process.execPath, bin, 'mpirun', '-n', '1', ranks, 'ready'],
    {
      env: plainEnvironment(),
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  let told = ''
  for await (const chunk of shell.stdout) {
    told += chunk
    const pid = /^ready (\d+)$/m.exec(String(chunk))?.[1]
    if (pid) process.kill(Number(pid), 'SIGINT')
  }
  assert.match(told, /^code 130$/m)
})

test('what a blocked rank printed is there', () => {
  const { stdout } = mpirun('-n 4 $ exit-alone 3 1')
  assert.ok(stdout.startsWith('waiting\n'))
})

test('lines of different ranks are whole, also those written in pieces and those without an end', () => {
  const whole = sorted(mpirun('-n 4 $ half-line').stdout)
  assert.deepEqual(
    whole,
    [0, 1, 2, 3].map(rank => `from ${rank}${` ${rank}`.repeat(500)} done`),
  )
  const { stdout } = mpirun('-n 4 $ flood')
  const lines = stdout.split('\n').filter(Boolean)
  assert.equal(lines.length, 8000)
  for (let rank = 0; rank < 4; rank++) {
    const own = lines.filter(line => line.startsWith(`${rank} `))
    const expected = Array.from(
      { length: 2000 },
      (_, i) => `${rank} ${String(i).padStart(5)} ${'x'.repeat((i * 37) % 300)} end`,
    )
    assert.deepEqual(own, expected, 'each in its order')
  }
})

test('what is printed while a rank ends is there', () => {
  writeFileSync(
    join(work, 'ends.mjs'),
    "process.on('exit', () => process.stdout.write('last words'))\nprocess.stdout.write('half ')",
  )
  const { stdout } = skein(['mpirun', '-n', '2', join(work, 'ends.mjs')])
  assert.deepEqual(sorted(stdout), ['half ', 'half ', 'last words', 'last words'])
})

test('a reader that is slow, behind a pipe that another made non-blocking, gets everything', {
  skip: windows,
}, async () => {
  const child = spawn(process.execPath, [bin, 'mpirun', '-n', '4', ranks, 'flood'], {
    env: plainEnvironment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let bytes = 0
  for await (const chunk of child.stdout) {
    bytes += chunk.length
    await new Promise(done => setImmediate(done))
  }
  const each = Array.from({ length: 2000 }, (_, i) => 13 + ((i * 37) % 300)).reduce((a, b) => a + b)
  assert.equal(bytes, 4 * each)
})

test('a reader that stops reading is no failure', { skip: windows }, () => {
  const { status, stderr } = skein([
    'run',
    fixture('head-of.mjs'),
    process.execPath,
    bin,
    'mpirun',
    '-n',
    '2',
    ranks,
    'flood',
  ])
  assert.equal(status, 0, stderr)
  assert.equal(stderr, '')
})

test('tags and times before each line', () => {
  const tagged = mpirun('-n 2 --tag-output $ print')
  assert.deepEqual(sorted(tagged.stdout), ['[1,0]<stdout>:out', '[1,1]<stdout>:out'])
  assert.deepEqual(sorted(tagged.stderr), ['[1,0]<stderr>:err', '[1,1]<stderr>:err'])
  const time = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}/
  const timed = mpirun('-n 2 --timestamp-output $ print').stdout
  for (const line of sorted(timed)) assert.equal(line.replace(time, ''), '<stdout>:out')
  const both = mpirun('-n 1 --timestamp-output --tag-output $ print').stdout
  assert.equal(both.replace(time, ''), '[1,0]<stdout>:out\n')
})

test('a file for each rank and stream', () => {
  const folder = join(work, 'logs', 'of-this')
  const { status, stdout, stderr } = mpirun(`-n 2 --output ${folder} $ print`)
  assert.deepEqual([status, stdout, stderr], [0, '', ''])
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  const each = (rank: number) => [`rank.${rank}`, join(`rank.${rank}`, 'stderr'), join(`rank.${rank}`, 'stdout')]
  assert.deepEqual(files, [...each(0), ...each(1)])
  assert.equal(readFileSync(join(folder, 'rank.1', 'stdout'), 'utf8'), 'out\n')
  assert.equal(readFileSync(join(folder, 'rank.1', 'stderr'), 'utf8'), 'err\n')
})

test('standard input: of rank 0, of another, of all, of none', () => {
  const input = Buffer.alloc(300_000, 'skein ')
  const table: [options: string, bytes: number[]][] = [
    ['', [300_000, 0, 0]],
    ['--stdin 2 ', [0, 0, 300_000]],
    ['--stdin all ', [300_000, 300_000, 300_000]],
    ['--stdin none ', [0, 0, 0]],
  ]
  for (const [options, bytes] of table) {
    const { stdout, stderr } = mpirun(`-n 3 ${options}$ count`, { input })
    assert.deepEqual(
      sorted(stdout),
      bytes.map((count, rank) => `${rank} ${count}`),
      options + stderr,
    )
  }
  assert.equal(mpirun('-n 3 --stdin 3 $ count').status, 2)
  assert.deepEqual(sorted(mpirun('-n 2 $ count-at-once 0', { input }).stdout), ['0 300000', '1 none'])
})

test('standard input that is a file, and one that is not there', { skip: windows }, () => {
  writeFileSync(join(work, 'input'), 'x'.repeat(1000))
  const shell = (tail: string) =>
    skein(['run', fixture('shell.mjs'), `"${process.execPath}" "${bin}" mpirun -n 2 "${ranks}" count ${tail}`]).stdout
  assert.deepEqual(sorted(shell(`< ${join(work, 'input')}`)), ['0 1000', '1 0'])
  assert.deepEqual(sorted(shell('< /dev/null')), ['0 0', '1 0'])
})

test('the map of ranks', () => {
  const { status, stderr } = mpirun('-n 2 --display-map --map-by core --bind-to none $ tell')
  assert.equal(status, 0, stderr)
  assert.match(stderr, /^\S+: 2 ranks, as threads\n {2}rank 0 {2}ranks\.ts .*\n {2}rank 1 {2}ranks\.ts /)
})

test('ranks stay on the cores they are bound to', {
  skip: !existsSync('/proc/self/status') && 'only Linux tells',
}, () => {
  writeFileSync(
    join(work, 'cores.mjs'),
    `import { readFileSync } from 'node:fs'
     const status = readFileSync('/proc/thread-self/status', 'utf8')
     console.log(process.env.SKEIN_MPI_RANK, /Cpus_allowed_list:\\s*(\\S+)/.exec(status)[1])`,
  )
  const { status, stdout, stderr } = skein([
    'mpirun',
    '-n',
    '2',
    '--bind-to',
    'hwthread',
    '--display-map',
    join(work, 'cores.mjs'),
  ])
  assert.equal(status, 0, stderr)
  const shown = [...stderr.matchAll(/rank (\d) .* stays on core (\d+)$/gm)].map(([, rank, core]) => `${rank} ${core}`)
  assert.deepEqual(sorted(stdout), shown)
})

test('hosts that are this machine change nothing; slots are the ranks', () => {
  writeFileSync(join(work, 'hosts'), '# this one\nlocalhost slots=3\n')
  assert.equal(sorted(mpirun(`--hostfile ${join(work, 'hosts')} $ tell`).stdout).length, 3)
  assert.equal(sorted(mpirun('--host localhost:2,127.0.0.1 $ tell').stdout).length, 3)
})

test('another machine is out of reach for threads', () => {
  const { status, stderr } = mpirun('-n 2 --engine threads --host node7.example.org $ tell')
  assert.equal(status, 1)
  assert.match(
    stderr,
    /threads engine does not support the host node7\.example\.org: .*cannot leave this machine.*--engine openmpi/,
  )
})
