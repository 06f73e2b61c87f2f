// `skein mpirun` under the launchers of Open MPI and MPICH: what ranks are given, and how they end.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { needs } from '@skein/testing'
import { bin, fixture, plainEnvironment, skein } from './skein.ts'

const work = mkdtempSync(join(tmpdir(), 'skein-mpirun-library-'))
after(() => rmSync(work, { recursive: true, force: true }))
const program = fixture('processes.ts')
const allowed = { OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' }
const sorted = (text: string): string[] => text.split('\n').filter(Boolean).sort()

for (const engine of ['openmpi', 'mpich']) {
  const skip = needs(engine)
  const mpirun = (args: string, input?: string) => {
    const words = args.split(' ').map(word => (word === '$' ? program : word))
    return skein(['mpirun', '--engine', engine, ...words], {
      env: allowed,
      cwd: work,
      ...(input !== undefined && { input }),
    })
  }

  test(`${engine}: ranks, arguments, variables, the working directory`, { skip }, () => {
    const { status, stdout, stderr } = mpirun('-n 3 -x A=1=2 -x SKEIN_THREADS=3 --wdir / $ tell x -n')
    assert.equal(status, 0, stderr)
    const expected = [0, 1, 2].map(rank => ({ rank, args: ['x', '-n'], A: '1=2', folder: '/', engine, threads: '3' }))
    assert.deepEqual(
      sorted(stdout).map(line => JSON.parse(line)),
      expected,
    )
  })

  test(`${engine}: the environment may choose it`, { skip }, () => {
    const { stdout } = skein(['mpirun', '-n', '1', program, 'tell'], { env: { ...allowed, SKEIN_MPI_ENGINE: engine } })
    assert.equal(JSON.parse(stdout).engine, engine)
  })

  test(`${engine}: several programs`, { skip }, () => {
    const { status, stdout, stderr } = mpirun('-n 1 $ tell a : -n 2 -x A=2 $ tell b')
    assert.equal(status, 0, stderr)
    const told = sorted(stdout).map(line => JSON.parse(line))
    assert.deepEqual(told.map(({ rank, args, A }) => [rank, ...args, A]).sort(), [
      [0, 'a', undefined],
      [1, 'b', '2'],
      [2, 'b', '2'],
    ])
  })

  test(`${engine}: standard input is rank 0's, or nobody's`, { skip }, () => {
    const input = 'skein '.repeat(10_000)
    assert.equal(mpirun('-n 2 $ count 0', input).stdout.trim(), '0 60000')
    assert.equal(mpirun('-n 2 --stdin none $ count 0', input).stdout.trim(), '0 0')
  })

  test(`${engine}: a file for each rank`, { skip }, () => {
    const { status, stdout, stderr } = mpirun(`-n 11 --output ${engine} $ print`)
    assert.equal(status, 0, stderr)
    assert.equal(stdout, '')
    for (const [rank, stream] of [
      [0, 'stdout'],
      [9, 'stderr'],
      [10, 'stdout'],
    ]) {
      assert.match(
        readFileSync(join(work, engine, `rank.${rank}`, `${stream}`), 'utf8'),
        new RegExp(`^${stream} 5\\r?\\n$`),
      )
    }
  })

  test(`${engine}: time is up`, { skip }, () => {
    const { status, stderr } = mpirun('-n 2 --timeout 1 $ wait')
    assert.equal(status, 124)
    assert.match(stderr, /the ranks were ended after 1 s, as --timeout says/)
  })

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
    test(`${engine}: ${signal} leaves no process`, {
      skip: skip || (process.platform !== 'linux' && 'only Linux ends orphans'),
    }, async () => {
      const child = spawn(process.execPath, [bin, 'mpirun', '--engine', engine, '-n', '3', program, 'wait'], {
        env: plainEnvironment(allowed),
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      const ended = once(child, 'exit')
      const pids = await processes(child, 3)
      child.kill(signal)
      assert.deepEqual(await ended, [null, signal])
      for (const pid of pids) await gone(pid)
    })
  }
}

test('openmpi: as root it says what to allow', {
  skip: needs('openmpi') || (process.getuid?.() !== 0 && 'this is not root'),
}, () => {
  const command = `unset ${Object.keys(allowed).join(' ')}; "${process.execPath}" "${bin}" mpirun --engine openmpi "${program}" tell`
  const refused = skein(['run', fixture('shell.mjs'), command])
  assert.equal(refused.status, 1)
  assert.match(
    refused.stderr,
    /does not run as root.*export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1/s,
  )
})

for (const engine of ['openmpi', 'mpich']) {
  // None of them uses the library: MPICH's launcher would wait for them for ever.
  test(`${engine}: the code is that of the rank that failed, and its stack is told`, { skip: needs(engine) }, () => {
    const fails = skein(['mpirun', '--engine', engine, '-n', '3', program, 'fail', '1', '7'], { env: allowed })
    assert.equal(fails.status, 7)
    const throws = skein(['mpirun', '--engine', engine, '-n', '3', program, 'throw', '1'], { env: allowed })
    assert.equal(throws.status, 1)
    assert.match(throws.stderr, /Error: this is wrong\s+at .*processes\.ts/)
    // Its launcher tells of it, or, as MPICH's hears of nothing, the rank itself.
    if (engine === 'mpich') assert.match(throws.stderr, /^rank 1 of 3 threw; the others are ended:/m)
  })
}

test('mpich: hosts that cannot be reached are named, and nothing waits for them', { skip: needs('mpich') }, () => {
  // Where it is told to go it runs what it is given here; `far` is known to nobody, and `late` wants a password.
  const ssh = `#!/bin/sh
while [ "\${1#-}" != "$1" ]; do case "$1" in -o) shift 2 ;; *) shift ;; esac; done
host=$1; shift
echo "$host $*" >> ssh.log
case $host in
  far) echo "ssh: Could not resolve hostname far: Name or service not known" >&2; exit 255 ;;
  late) [ "$*" = true ] && { echo "late: Permission denied (publickey,password)." >&2; exit 255; } ;;
esac
exec sh -c "$*"
`
  writeFileSync(join(work, 'ssh'), ssh, { mode: 0o755 })
  const env = { PATH: `${work}:${process.env.PATH}` }
  const mpirun = (hosts: string) =>
    skein(['mpirun', '--engine', 'mpich', '--host', hosts, '-n', '1', program, 'tell'], { env, cwd: work })
  const refused = mpirun('localhost,far,late')
  assert.equal(refused.status, 1, refused.stderr)
  assert.match(refused.stderr, /not all hosts can be reached:\n {2}far: ssh: Could not resolve .*\nTry 'ssh far true'/)
  assert.doesNotMatch(refused.stderr, /late:|localhost:/)
  assert.deepEqual(sorted(readFileSync(join(work, 'ssh.log'), 'utf8')), ['far true', 'late true'])
  const reached = mpirun('late')
  assert.equal(reached.status, 0, reached.stderr)
  assert.equal(JSON.parse(reached.stdout).rank, 0)
})

/** The processes that ranks say they are. */
async function processes(child: ChildProcess, count: number): Promise<number[]> {
  let told = ''
  for await (const chunk of child.stdout!) {
    told += chunk
    if (told.match(/\d+\r?\n/g)?.length === count) break
  }
  return told.match(/\d+/g)!.map(Number)
}

/** Waits until a process has ended: who started it is gone, so nobody tells. */
async function gone(pid: number): Promise<void> {
  const runs = (): boolean => {
    try {
      return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
    } catch {
      return false
    }
  }
  while (runs()) await new Promise(done => setTimeout(done, 10))
}
