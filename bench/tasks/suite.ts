/** The tasks suite: who takes part, and how each is started. */
import { fileURLToPath } from 'node:url'
import type { Launch, PeerSpec, Suite } from '../harness/suite.ts'
import { buildFolder, findNpmPeer, findPython } from '../harness/toolchain.ts'
import { cases } from './cases.ts'

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))
const setup = 'npm run bench:setup'

const node = (file: string, ...args: string[]) => ({
  command: process.execPath,
  args: ['--expose-gc', here(file), ...args],
})

/** As `skein run --trace` starts it. */
function traced(): Launch {
  const recorder = new URL('../../apps/cli/src/run/record-trace.ts', import.meta.url).href
  const { command, args } = node('skein.ts', 'traced')
  return { command, args: ['--import', recorder, ...args], env: { SKEIN_TRACE: `${buildFolder}/tasks-trace.json` } }
}

const npmPeer = (name: string, ...args: string[]): Launch =>
  findNpmPeer(name) ? node('pools.ts', name, ...args) : { absent: `${name} is not in bench/peers: ${setup}` }

function pythonPeers(threads: number): PeerSpec[] {
  const modules = ['numpy', 'distributed', 'ray']
  const { python, versions } = findPython(modules)
  const env = {
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONPATH: here('../harness'),
    RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO: '0',
    FLIGHTS: `${buildFolder}/flights-%d.txt`,
  }
  const start = (kind: string, ...needs: string[]): Launch => {
    const missing = needs.filter(m => !versions[m])
    if (!python || missing.length > 0) return { absent: `Python with ${missing.join(', ')} is not here: ${setup}` }
    return { command: python, args: ['-u', here('python_peer.py'), kind], env }
  }
  return [
    { label: 'Python, no worker', threads: 1, launch: start('serial', 'numpy') },
    { label: 'multiprocessing', threads, launch: start('multiprocessing', 'numpy') },
    { label: 'Dask', threads, launch: start('dask', 'numpy', 'distributed') },
    { label: 'Ray', threads, launch: start('ray', 'numpy', 'ray') },
  ]
}

export const tasks: Suite = {
  name: 'tasks',
  own: 'skein:threads',
  cases,
  isReference: row => row.who.startsWith('plain JS'),
  peers: threads => [
    { label: 'skein:threads', threads, launch: node('skein.ts') },
    { label: 'skein:threads(Promise.all)', threads, launch: node('skein.ts', 'Promise.all') },
    { label: 'skein:threads(traced)', threads, launch: traced() },
    { label: 'skein:threads(dashboard)', threads, launch: node('skein.ts', 'dashboard') },
    { label: 'skein:threads(1 worker)', threads: 1, launch: node('skein.ts', '1 worker') },
    { label: 'plain JS, no worker', threads: 1, launch: node('pools.ts', 'none') },
    { label: 'shared memory by hand', threads, launch: node('byhand.ts') },
    { label: 'postMessage', threads, launch: node('pools.ts', 'postMessage') },
    { label: 'postMessage batched', threads, launch: node('pools.ts', 'postMessage', 'batched') },
    ...['piscina', 'tinypool'].flatMap(name => [
      { label: name, threads, launch: npmPeer(name) },
      { label: `${name} tuned`, threads, launch: npmPeer(name, 'tuned') },
    ]),
    ...['poolifier', 'workerpool', 'comlink'].map(name => ({ label: name, threads, launch: npmPeer(name) })),
    ...pythonPeers(threads),
  ],
  notes: [
    'Workers are threads, processes in Python; as many as the run has threads. The one who submits is another.',
    'piscina and tinypool tuned: 64 tasks a worker at a time, no waiting by Atomics, and piscina without its histogram.',
    'Dask and Ray run a part of the tasks of a large case (2,000 to 10,000), and their time is scaled to all.',
    "Python's spin is a loop of its own of about the same time: compare it with `Python, no worker`.",
    'shared memory by hand: one worker that spins, or sleeps, on a word; what the machine allows, without tasks.',
    'Bags: Dask on its default for them, processes that are kept from run to run, with the block size by which it was fastest.',
    'traced: as by skein run --trace; dashboard: served, with a process that takes and parses what a page does, on the same cores.',
    'Bytes of a queued task are of the submitting thread; the pools queue 50,000.',
  ],
}
