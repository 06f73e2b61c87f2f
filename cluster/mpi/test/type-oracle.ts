/** Asks an MPI library, through a C program, what it makes of datatypes. */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mpiProgram } from '../../../scripts/components.mjs'
import type { Datatype } from '../src/datatype/datatype.ts'
import { type Library, launcherEnvironment } from './native-launch.ts'

/** Bytes before and after the first element in the oracle's memory, and what they are. */
export const reach = 2 ** 20
export const oracleMemory = (): Uint8Array =>
  Uint8Array.from({ length: 2 * reach }, (_, i) => Math.imul(i, 2654435761) >>> 24)

/** The oracle's program that leaves a type on its stack. */
export const programOf = ({ recipe }: Datatype): string => {
  const list = (values: readonly number[]) => values.join(' ')
  const order = (name: 'C' | 'F') => (name === 'C' ? 1 : 0)
  if (recipe.is === 'basic') return recipe.kind
  if (recipe.is === 'struct') {
    const { types, blockLengths, displs } = recipe
    return `${types.map(programOf).join(' ')} struct ${types.length} ${list(blockLengths)} ${list(displs)}`
  }
  const of = `${programOf(recipe.of)} ${recipe.is}`
  switch (recipe.is) {
    case 'contiguous':
      return `${of} ${recipe.count}`
    case 'vector':
    case 'hvector':
      return `${of} ${recipe.count} ${recipe.blockLength} ${recipe.stride}`
    case 'indexed':
    case 'hindexed':
      return `${of} ${recipe.displs.length} ${list(recipe.blockLengths)} ${list(recipe.displs)}`
    case 'indexedBlock':
    case 'hindexedBlock':
      return `${of} ${recipe.displs.length} ${recipe.blockLength} ${list(recipe.displs)}`
    case 'subarray': {
      const { sizes, subsizes, starts } = recipe
      return `${of} ${sizes.length} ${list(sizes)} ${list(subsizes)} ${list(starts)} ${order(recipe.order)}`
    }
    case 'darray': {
      const { size, rank, gsizes, distribs, dargs, psizes } = recipe
      const names = distribs.map(name => ['block', 'cyclic', 'none'].indexOf(name))
      const sizes = dargs.map(block => block ?? -1)
      const lists = [gsizes, names, sizes, psizes].map(list).join(' ')
      return `${of} ${size} ${rank} ${gsizes.length} ${lists} ${order(recipe.order)}`
    }
    case 'resized':
      return `${of} ${recipe.lb} ${recipe.extent}`
  }
}

export interface Answer {
  readonly size: number
  readonly lb: number
  readonly extent: number
  readonly trueLb: number
  readonly trueExtent: number
  /** In hexadecimal. */
  readonly packed: string
}

/** What the library says of each type, and of `count` elements as they are sent; undefined: it refused to make the type. */
export const askLibrary = (library: Library, types: readonly Datatype[], count: number): (Answer | undefined)[] => {
  const folder = mkdtempSync(join(tmpdir(), 'type-oracle-'))
  try {
    const program = join(folder, 'type-oracle')
    const compile = spawnSync(mpiProgram(library, 'mpicc')!, [
      ...['-O1', '-w', '-o', program],
      join(import.meta.dirname, 'type-oracle.c'),
    ])
    if (compile.status !== 0) throw new Error(String(compile.stderr))
    const input = join(folder, 'types')
    writeFileSync(input, types.map(type => `${programOf(type)} print ${count}\n`).join(''))
    const options = { env: launcherEnvironment, maxBuffer: 2 ** 28 }
    const run = spawnSync(mpiProgram(library, 'mpirun')!, ['-n', '1', program, input], options)
    if (run.status !== 0) throw new Error(`the oracle ended with ${run.status}: ${run.stderr}`)
    const lines = String(run.stdout).split('\n').slice(0, types.length)
    return lines.map(line => {
      if (line === 'refused') return undefined
      const words = line.split(' ')
      const [size, lb, extent, trueLb, trueExtent] = words.map(Number)
      return { size, lb, extent, trueLb, trueExtent, packed: words[5] }
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}
