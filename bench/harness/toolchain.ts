/**
 * Finds the compilers, interpreters and packages that peers need. Asking never installs anything: bench/setup.ts does.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { mpiProgram } from '../../scripts/components.mjs'

export const repository = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, '')
export const benchFolder = `${repository}/bench`
export const peersFolder = `${benchFolder}/peers`
export const venvFolder = `${repository}/.skein/venv`
/** Where compiled peers are kept between runs. */
export const buildFolder = `${repository}/.skein/bench`

function output(command: string, args: string[]): string | undefined {
  const done = spawnSync(command, args, { encoding: 'utf8' })
  return done.status === 0 ? done.stdout : undefined
}

/** A program, not only one that compiles. */
export interface Compiler {
  command: string
  version: string
}

/** gcc, when it is here and links OpenMP programs. */
export function findGcc(): Compiler | undefined {
  const version = output('gcc', ['-dumpfullversion'])?.trim()
  const library = output('gcc', ['-print-file-name=libgomp.so'])?.trim()
  // gcc prints the bare name back when it does not know the file.
  return version && library?.includes('/') ? { command: 'gcc', version } : undefined
}

export interface Library {
  file: string
  /** Before the names of its functions. */
  prefix: string
  version: string
}

/** OpenBLAS: the system's, or the one that SciPy brings along. */
export function findOpenBlas(): Library | undefined {
  const system = /libopenblas\.so\.0 .* => (\S+)/.exec(output('ldconfig', ['-p']) ?? '')?.[1]
  if (system) return { file: system, prefix: '', version: '' }
  const { python, versions } = findPython(['scipy'])
  if (!python || !versions.scipy) return undefined
  const folder = output(python, ['-c', 'import os, scipy; print(os.path.dirname(scipy.__file__) + ".libs")'])?.trim()
  const file = folder && existsSync(folder) && readdirSync(folder).find(name => /^libscipy_openblas-.*\.so$/.test(name))
  return file ? { file: `${folder}/${file}`, prefix: 'scipy_', version: ` of SciPy ${versions.scipy}` } : undefined
}

/** The file of the OpenBLAS that NumPy brings along, in a wheel. */
export function findLibraryOfNumPy(): string | undefined {
  const { python, versions } = findPython(['numpy'])
  if (!python || !versions.numpy) return undefined
  const folder = output(python, ['-c', 'import os, numpy; print(os.path.dirname(numpy.__file__) + ".libs")'])?.trim()
  const file = folder && existsSync(folder) && readdirSync(folder).find(name => /^libscipy_openblas.*\.so$/.test(name))
  return file ? `${folder}/${file}` : undefined
}

/** A clang of version 16 or later (relaxed SIMD builtins by their final names) with its wasm linker. */
export function findClang(): Compiler | undefined {
  for (const suffix of ['-21', '-20', '-19', '-18', '-17', '-16', '']) {
    const version = output(`clang${suffix}`, ['-dumpversion'])?.trim()
    if (!version || Number.parseInt(version, 10) < 16) continue
    if (output(`wasm-ld${suffix}`, ['--version'])) return { command: `clang${suffix}`, version }
  }
}

export interface Mpi {
  mpirun: string
  compiler: Compiler
}

/** An MPI library with its compiler. */
export function findMpi(library: 'openmpi' | 'mpich'): Mpi | undefined {
  const [mpirun, command] = [mpiProgram(library, 'mpirun'), mpiProgram(library, 'mpicc')]
  if (!mpirun || !command) return undefined
  const version = output(command, ['--version'])?.split('\n')[0]
  return version ? { mpirun, compiler: { command, version } } : undefined
}

/** The server of NATS; Debian keeps it with those of the system. */
export function findNats(): Compiler | undefined {
  for (const command of ['nats-server', '/usr/sbin/nats-server']) {
    const version = /v([\d.]+)/.exec(output(command, ['--version']) ?? '')?.[1]
    if (version) return { command, version }
  }
}

/** The server of etcd. */
export function findEtcd(): Compiler | undefined {
  const version = /etcd Version: ([\d.]+)/.exec(output('etcd', ['--version']) ?? '')?.[1]
  return version ? { command: 'etcd', version } : undefined
}

/** A package installed in bench/peers. */
export function findNpmPeer(name: string): { version: string } | undefined {
  const file = `${peersFolder}/node_modules/${name}/package.json`
  return existsSync(file) ? { version: JSON.parse(readFileSync(file, 'utf8')).version } : undefined
}

/** A module of such a package. Its types are not here. */
export const requirePeer = (name: string): any => createRequire(`${peersFolder}/package.json`)(name)

export interface Python {
  python?: string
  versions: Record<string, string>
  missing: string[]
}

/** The Python that has most of the modules: the bench's own environment first, then the system's. */
export function findPython(modules: string[]): Python {
  const script = [
    'import importlib, json',
    'v = {}',
    `for m in ${JSON.stringify(modules)}:`,
    '  try: v[m] = importlib.import_module(m).__version__',
    '  except Exception: pass',
    'print(json.dumps(v))',
  ].join('\n')
  let best: Python = { versions: {}, missing: modules }
  for (const python of [`${venvFolder}/bin/python`, 'python3']) {
    const text = output(python, ['-c', script])
    if (!text) continue
    const versions: Record<string, string> = JSON.parse(text)
    const missing = modules.filter(m => !versions[m])
    if (!best.python || missing.length < best.missing.length) best = { python, versions, missing }
    if (missing.length === 0) break
  }
  return best
}
