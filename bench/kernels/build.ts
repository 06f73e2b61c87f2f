/** Builds the C and the hand-written wasm peers into .skein/bench, anew when a source or a compiler changed. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { buildFolder, type Compiler } from '../harness/toolchain.ts'

export type Built = { file: string } | { absent: string }

function build(compiler: Compiler, source: string, target: string, args: string[]): Built {
  const from = fileURLToPath(new URL(source, import.meta.url))
  const file = `${buildFolder}/${target}`
  // -march=native makes the processor part of the recipe.
  const recipe = [compiler.command, compiler.version, cpus()[0]?.model, ...args, readFileSync(from, 'utf8')].join('\0')
  const stamp = createHash('sha256').update(recipe).digest('hex')
  if (existsSync(file) && existsSync(`${file}.stamp`) && readFileSync(`${file}.stamp`, 'utf8') === stamp)
    return { file }
  mkdirSync(buildFolder, { recursive: true })
  const done = spawnSync(
    compiler.command,
    [...args.filter(a => a !== '-lm'), '-o', file, from, ...(args.includes('-lm') ? ['-lm'] : [])],
    {
      encoding: 'utf8',
    },
  )
  if (done.status !== 0) return { absent: `${compiler.command} failed: ${(done.stderr ?? '').trim().slice(0, 400)}` }
  writeFileSync(`${file}.stamp`, stamp)
  return { file }
}

export const buildC = (gcc: Compiler, target: string, flags: string[]) =>
  build(gcc, 'kernels.c', target, ['-O3', '-march=native', '-fopenmp', ...flags, '-lm'])

export const buildWasm = (clang: Compiler, target: string, flags: string[]) =>
  build(clang, 'byhand.c', target, [
    ...['--target=wasm32', '-O3', '-fno-math-errno', '-ffp-contract=off', '-fvisibility=hidden', '-nostdlib'],
    ...['-msimd128', '-mrelaxed-simd', '-matomics', '-mbulk-memory', '-mmutable-globals'],
    ...['-Wl,--no-entry', '-Wl,--export-dynamic', '-Wl,--export=__stack_pointer'],
    ...['-Wl,--import-memory', '-Wl,--shared-memory', '-Wl,--initial-memory=2097152', '-Wl,--max-memory=1073741824'],
    ...flags,
  ])
