/** The C and the hand-written wasm peers. */
import { fileURLToPath } from 'node:url'
import { type Built, build } from '../harness/build.ts'
import type { Compiler } from '../harness/toolchain.ts'

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))

export const buildC = (gcc: Compiler, target: string, flags: string[]): Built =>
  build(gcc, here('kernels.c'), target, ['-O3', '-march=native', '-fopenmp', ...flags, '-lm'], [here('peer.h')])

export const buildWasm = (clang: Compiler, target: string, flags: string[]): Built =>
  build(clang, here('byhand.c'), target, [
    ...['--target=wasm32', '-O3', '-fno-math-errno', '-ffp-contract=off', '-fvisibility=hidden', '-nostdlib'],
    ...['-msimd128', '-mrelaxed-simd', '-matomics', '-mbulk-memory', '-mmutable-globals'],
    ...['-Wl,--no-entry', '-Wl,--export-dynamic', '-Wl,--export=__stack_pointer'],
    ...['-Wl,--import-memory', '-Wl,--shared-memory', '-Wl,--initial-memory=2097152', '-Wl,--max-memory=1073741824'],
    ...flags,
  ])
