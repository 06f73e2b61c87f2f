// Programs of klyng: a job that goes wrong leaves nothing that would disturb the next.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { needs } from '@skein/testing'
import { bin, fixture, plainEnvironment, skein } from './skein.ts'

const program = fixture('klyng.ts')
const env = {
  OMPI_ALLOW_RUN_AS_ROOT: '1',
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1',
  OMPI_MCA_rmaps_base_oversubscribe: '1',
  OMPI_MCA_mpi_yield_when_idle: '1',
}

for (const engine of ['threads', 'openmpi']) {
  const skip = engine === 'openmpi' && needs(engine)
  const job = (words: string, options: readonly string[] = []) =>
    skein(['mpirun', '--engine', engine, '-n', '6', ...options, program, ...words.split(' ')], { env })
  const goodJob = (): void => {
    const { status, stdout, stderr } = job('greet')
    assert.equal(status, 0, stderr)
    assert.equal(stdout, 'true\n'.repeat(6))
  }

  test(`${engine}: six ranks greet each other, also after a job with a host that is missing`, { skip }, () => {
    const { status, stderr } = job('greet', ['--host', 'missing.invalid:6'])
    assert.notEqual(status, 0)
    // Open MPI leaves the name to ssh, and says the first part of it.
    assert.match(stderr, /missing|daemons/)
    goodJob()
  })

  test(`${engine}: after a job whose rank was lost in the middle`, { skip }, () => {
    const lost = job(engine === 'threads' ? 'throw 4' : 'kill 4')
    assert.notEqual(lost.status, 0)
    assert.match(lost.stderr, engine === 'threads' ? /lost/ : /signal 9|SIGKILL/i)
    assert.doesNotMatch(lost.stdout, /true/)
    goodJob()
  })

  test(`${engine}: after a job whose launcher was killed`, {
    skip: skip || (process.platform !== 'linux' && 'only Linux ends orphans'),
  }, async () => {
    const child = spawn(process.execPath, [bin, 'mpirun', '--engine', engine, '-n', '6', program, 'wait'], {
      env: plainEnvironment(env),
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const ended = once(child, 'exit')
    let told = ''
    for await (const chunk of child.stdout) {
      told += chunk
      if (told.match(/\d+\r?\n/g)?.length === 6) break
    }
    child.kill('SIGKILL')
    assert.deepEqual(await ended, [null, 'SIGKILL'])
    for (const pid of told.match(/\d+/g)!) while (runs(pid)) await new Promise(done => setTimeout(done, 10))
    goodJob()
  })
}

const runs = (pid: string): boolean => {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
