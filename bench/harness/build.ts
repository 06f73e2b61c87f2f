/** Builds compiled peers into .skein/bench, anew when a source or a compiler changed. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { buildFolder, type Compiler } from './toolchain.ts'

export type Built = { file: string } | { absent: string }

/** @param source its path @param headers files of ours that it includes */
export function build(
  compiler: Compiler,
  source: string,
  target: string,
  args: string[],
  headers: readonly string[] = [],
): Built {
  const file = `${buildFolder}/${target}`
  // -march=native makes the processor part of the recipe.
  const texts = [source, ...headers].map(file => readFileSync(file, 'utf8'))
  const recipe = [compiler.command, compiler.version, cpus()[0]?.model, ...args, ...texts].join('\0')
  const stamp = createHash('sha256').update(recipe).digest('hex')
  if (existsSync(file) && existsSync(`${file}.stamp`) && readFileSync(`${file}.stamp`, 'utf8') === stamp)
    return { file }
  mkdirSync(buildFolder, { recursive: true })
  const libraries = args.filter(a => a.startsWith('-l'))
  const others = args.filter(a => !a.startsWith('-l'))
  const done = spawnSync(compiler.command, [...others, '-o', file, source, ...libraries], { encoding: 'utf8' })
  if (done.status !== 0) return { absent: `${compiler.command} failed: ${(done.stderr ?? '').trim().slice(0, 400)}` }
  writeFileSync(`${file}.stamp`, stamp)
  return { file }
}
