/**
 * Fetches the peers that the benches compare Skein with, and says which could not be had.
 *
 * Nothing here is needed to use or to test Skein, and nothing enters Skein's own lock file: npm peers live in
 * bench/peers/node_modules, Python peers in .skein/venv, compilers come from the system. Every step is skipped
 * when its result is already there, so a second run works without the network.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import {
  type Compiler,
  findClang,
  findEtcd,
  findGcc,
  findMpi,
  findNats,
  findNpmPeer,
  findOpenBlas,
  findPython,
  peersFolder,
  venvFolder,
} from './harness/toolchain.ts'

type Outcome = { what: string; got?: string; why?: string }

function run(command: string, args: string[], cwd?: string, env = process.env): { ok: boolean; text: string } {
  console.log(`  $ ${command} ${args.join(' ')}`)
  const done = spawnSync(command, args, { cwd, env, encoding: 'utf8', maxBuffer: 1 << 28 })
  const text = `${done.stdout ?? ''}${done.stderr ?? ''}${done.error?.message ?? ''}`
  return { ok: done.status === 0, text }
}

/** The last lines of a failed command: where tools put the reason. */
const tail = (text: string) => text.trim().split('\n').slice(-3).join(' / ')

const aptReady = () => process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')

let aptUpdated = false

/** Installs Debian packages when we are root on a Debian-like system, else says what to type. */
function apt(packages: string[]): { ok: boolean; text: string } {
  if (!aptReady()) return { ok: false, text: `not root on Debian/Ubuntu: sudo apt-get install ${packages.join(' ')}` }
  const args = ['install', '-y', '--no-install-recommends', ...packages]
  const first = run('apt-get', args)
  if (first.ok || aptUpdated) return first
  run('apt-get', ['update'])
  aptUpdated = true
  return run('apt-get', args)
}

function gcc(): Outcome {
  const what = 'gcc with OpenMP'
  const have = findGcc()
  if (have) return { what, got: have.version }
  const done = apt(['gcc', 'libc6-dev', 'libgomp1'])
  const got = findGcc()
  return got ? { what, got: got.version } : { what, why: tail(done.text) }
}

function clang(): Outcome {
  const what = 'clang and lld for the hand-written wasm'
  const have = findClang()
  if (have) return { what, got: have.version }
  // The newest first: relaxed SIMD needs clang 16, and Debian's unversioned package is 14.
  let why = ''
  for (const version of [21, 20, 19, 18, 17, 16]) {
    const done = apt([`clang-${version}`, `lld-${version}`])
    const got = findClang()
    if (got) return { what, got: got.version }
    why = tail(done.text)
    if (!aptReady()) break
  }
  return { what, why }
}

function openMpi(): Outcome {
  const what = 'Open MPI with its compiler'
  const have = findMpi('openmpi')
  if (have) return { what, got: have.mpirun }
  const done = apt(['openmpi-bin', 'libopenmpi-dev'])
  return { what, got: findMpi('openmpi')?.mpirun, why: tail(done.text) }
}

function server(what: string, find: () => Compiler | undefined): Outcome {
  const have = find()
  if (have) return { what, got: have.version }
  const done = apt([what])
  return { what, got: find()?.version, why: tail(done.text) }
}

function npmPeers(): Outcome[] {
  const names: string[] = Object.keys(JSON.parse(readFileSync(`${peersFolder}/package.json`, 'utf8')).dependencies)
  if (names.some(name => !findNpmPeer(name))) {
    // No install scripts: gpu.js would build a headless OpenGL that its cpu and webasm modes do not need.
    const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--workspaces=false']
    const done = run('npm', args, peersFolder)
    if (!done.ok) return names.map(what => ({ what, why: tail(done.text) }))
  }
  return names.map(what => {
    const got = findNpmPeer(what)
    return got ? { what, got: got.version } : { what, why: 'npm installed it, but it cannot be found' }
  })
}

const pythonPeers = ['numpy', 'scipy', 'numba', 'ray', 'distributed', 'mpi4py']

function python(): Outcome[] {
  let found = findPython(pythonPeers)
  if (!found.python || found.missing.length > 0) {
    let made = existsSync(`${venvFolder}/bin/python`)
      ? { ok: true, text: '' }
      : run('python3', ['-m', 'venv', venvFolder])
    if (!made.ok && apt(['python3', 'python3-venv']).ok) made = run('python3', ['-m', 'venv', venvFolder])
    if (!made.ok) return pythonPeers.map(what => ({ what, why: tail(made.text) }))
    // mpi4py is built against the library that it is compared on.
    const env = { ...process.env, MPICC: findMpi('openmpi')?.compiler.command ?? 'mpicc' }
    const install = (...what: string[]) =>
      run(`${venvFolder}/bin/python`, ['-m', 'pip', 'install', '-q', ...what], undefined, env)
    const pip = install('-r', `${peersFolder}/requirements.txt`)
    found = findPython(pythonPeers)
    if (!pip.ok && found.missing.length > 0) {
      // One that cannot be had for this machine must not keep the others away.
      for (const peer of found.missing) install('--no-binary', 'mpi4py', peer)
      found = findPython(pythonPeers)
    }
    if (!pip.ok) return pythonPeers.map(what => ({ what, got: found.versions[what], why: tail(pip.text) }))
  }
  return pythonPeers.map(what => ({ what, got: found.versions[what], why: 'cannot be imported' }))
}

/** SciPy brings one along; else the system's. */
function openBlas(): Outcome {
  const what = 'OpenBLAS'
  const have = findOpenBlas()
  if (have) return { what, got: have.file }
  const done = apt(['libopenblas0-pthread'])
  return { what, got: findOpenBlas()?.file, why: tail(done.text) }
}

const outcomes = [
  gcc(),
  clang(),
  openMpi(),
  server('nats-server', findNats),
  server('etcd-server', findEtcd),
  ...npmPeers(),
  ...python(),
  openBlas(),
]
console.log('\nPeers of the benches:')
for (const o of outcomes) console.log(o.got ? `  have  ${o.what}: ${o.got}` : `  MISS  ${o.what}: ${o.why}`)
const missing = outcomes.filter(o => !o.got).length
console.log(
  missing ? `${missing} could not be had; the benches run without them and say so.` : 'All of them are there.',
)
