// @ts-check
// What a machine may lack and npm cannot install: one row per system component. `scripts/setup.mjs` installs the
// rows its command asks for, `testing/src/components.ts` turns an absent one into a skip with its reason.
// Plain JavaScript, because it runs before any package is installed.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/**
 * @typedef {object} Component
 * @property {string} name        what tests ask for: `needs('gcc')`
 * @property {string} why         what it is for, ending the sentence "gcc is absent: …"
 * @property {string[]} commands  the npm scripts that try to install it
 * @property {string[]} apt       Debian and Ubuntu packages
 * @property {string} elsewhere   what to type on another system
 * @property {() => boolean} probe  is it here and does it work; must not take longer than some 20 ms
 */

/** @param {string} command @param {string[]} args */
function output(command, args) {
  const run = spawnSync(command, args, { encoding: 'utf8', timeout: 10_000 })
  return run.status === 0 ? run.stdout.trim() : ''
}

/** @type {Component[]} */
export const components = [
  {
    name: 'gcc',
    why: 'C with OpenMP is the oracle of some tests and a peer of the benchmarks',
    commands: ['test'],
    apt: ['gcc', 'libc6-dev'],
    elsewhere: 'install GCC with OpenMP (dnf install gcc, pacman -S gcc, brew install gcc)',
    // gcc answers with an absolute path only when libgomp is installed; the bare name comes back otherwise.
    probe: () => output('gcc', ['-print-file-name=libgomp.so']).startsWith('/'),
  },
  {
    name: 'gnu-as',
    why: 'it is the oracle of the machine code that kernels become',
    commands: ['test'],
    apt: ['binutils'],
    elsewhere: 'install GNU binutils for x86-64 (dnf install binutils, pacman -S binutils)',
    // Another processor's as is of no use, nor is clang's under its name.
    probe: () =>
      /GNU assembler[\s\S]*x86_64/.test(output('as', ['--version'])) && output('objcopy', ['--version']) !== '',
  },
  {
    name: 'chromium',
    why: 'the dashboard, and calls from pages, are tested in it',
    commands: ['test'],
    apt: ['chromium'],
    elsewhere: 'install Chromium or Chrome (dnf install chromium, pacman -S chromium, brew install --cask chromium)',
    probe: () => chromium() !== undefined,
  },
  {
    name: 'openmpi',
    why: 'ranks are also run as its processes, and C with it is a peer of the benchmarks',
    commands: ['test'],
    apt: ['openmpi-bin', 'libopenmpi-dev'],
    elsewhere: 'install Open MPI (dnf install openmpi-devel, pacman -S openmpi, brew install open-mpi)',
    probe: () => mpiProgram('openmpi', 'mpirun') !== undefined,
  },
  {
    name: 'mpich',
    why: 'ranks are also run as its processes',
    commands: ['test'],
    apt: ['mpich', 'libmpich-dev'],
    elsewhere: 'install MPICH (dnf install mpich-devel, pacman -S mpich, brew install mpich)',
    probe: () => mpiProgram('mpich', 'mpirun') !== undefined,
  },
  {
    name: 'openblas',
    why: 'linear algebra of arrays is done by it, too',
    commands: ['test'],
    apt: ['libopenblas0'],
    elsewhere: 'install OpenBLAS (dnf install openblas-threads, pacman -S openblas, brew install openblas)',
    probe: () => isFile(process.env.SKEIN_LAPACK) || openBlas() !== undefined,
  },
  {
    name: 'etcd',
    why: 'a store of many machines is tested on it',
    commands: ['test'],
    apt: ['etcd-server'],
    elsewhere:
      'install etcd (dnf install etcd, pacman -S etcd, brew install etcd, or https://github.com/etcd-io/etcd/releases)',
    probe: () => output('etcd', ['--version']).includes('etcd Version'),
  },
]

const folders = () => (process.env.PATH ?? '').split(delimiter)
/** @param {string} name */
const onPath = name =>
  folders()
    .map(folder => join(folder, name))
    .find(path => existsSync(path))

/**
 * The path of an MPI's program, `mpirun` or `mpicc`. Debian has both libraries side by side and ends their names with the library's;
 * elsewhere there is one, told by a program that only it has.
 * @param {'openmpi' | 'mpich'} library @param {'mpirun' | 'mpicc'} program
 */
export function mpiProgram(library, program) {
  const own = onPath(`${program}.${library}`)
  return own ?? (onPath(library === 'openmpi' ? 'ompi_info' : 'mpichversion') && onPath(program))
}

/** @param {string | undefined} path */
const isFile = path => path !== undefined && path !== '' && existsSync(path)

/** The path of OpenBLAS. On macOS Accelerate is always there. */
function openBlas() {
  const processor = { x64: 'x86_64', arm64: 'aarch64' }[/** @type {'x64' | 'arm64'} */ (process.arch)]
  const prefixes = ['/usr/lib', '/usr/local/lib', '/usr/lib64', `/usr/lib/${processor}-linux-gnu`]
  const names = ['libopenblas.so.0', 'libopenblas.so', 'libopenblasp.so.0']
  return process.platform === 'darwin'
    ? '/System/Library/Frameworks/Accelerate.framework'
    : prefixes.flatMap(folder => names.map(name => join(folder, name))).find(path => existsSync(path))
}

/** The path of a Chromium or Chrome of this machine. */
export function chromium() {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
  const apps = [
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ]
  return [...names.flatMap(name => folders().map(folder => join(folder, name))), ...apps].find(path => existsSync(path))
}

/** The command that installs a component here. @param {Component} component */
export function installCommand(component) {
  return aptCommand() ? `sudo apt-get install -y ${component.apt.join(' ')}` : component.elsewhere
}

/** Whether this machine has apt. */
export function aptCommand() {
  return process.platform === 'linux' && output('apt-get', ['--version']) !== ''
}
