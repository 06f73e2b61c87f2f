/** What users say of programs and ports, checked. */

import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SpawnedProgram } from '../engine.ts'
import { MpiError } from '../errors.ts'
import { hintsOf, type Info } from '../info.ts'
import { type Caller, refusal } from '../message/refusal.ts'

export interface SpawnOptions {
  /** Default: 0. */
  readonly root?: number
  readonly info?: Info
}

/** One of the programs that are started together. */
export interface SpawnProgram {
  readonly program: string | URL
  readonly args?: readonly string[]
  readonly ranks: number
  readonly info?: Info | undefined
}

export function checkRoot(caller: Caller & { readonly size: number }, call: string, root = 0): number {
  if (Number.isInteger(root) && root >= 0 && root < caller.size) return root
  throw refusal(caller, call, 'MPI_ERR_ROOT', 'root', `a rank from 0 to ${caller.size - 1}`, root)
}

/** Of a port, or a service. */
export function checkName(caller: Caller, call: string, what: string, name: unknown): string {
  if (typeof name === 'string' && name !== '' && !name.includes('\0')) return name
  throw refusal(caller, call, what === 'the port' ? 'MPI_ERR_PORT' : 'MPI_ERR_SERVICE', what, 'a name', name)
}

export function checkPrograms(caller: Caller, call: string, programs: readonly SpawnProgram[]): SpawnedProgram[] {
  if (!Array.isArray(programs) || programs.length === 0)
    throw refusal(caller, call, 'MPI_ERR_ARG', 'programs', 'a list of one program at least', programs)
  return programs.map(({ program, args = [], ranks, info }) => {
    if (!Number.isSafeInteger(ranks) || ranks < 1)
      throw refusal(caller, call, 'MPI_ERR_ARG', 'ranks', 'a whole number from 1 on', ranks)
    if (!Array.isArray(args) || !args.every(arg => typeof arg === 'string' && !arg.includes('\0')))
      throw refusal(caller, call, 'MPI_ERR_ARG', 'args', 'a list of strings', args)
    return { file: fileOf(caller, call, program), args, ranks, hints: hintsOf(caller, call, info) }
  })
}

function fileOf(caller: Caller, call: string, program: unknown): string {
  const isUrl = program instanceof URL || (typeof program === 'string' && program.startsWith('file:'))
  if (!isUrl && (typeof program !== 'string' || program === '' || program.includes('\0')))
    throw refusal(caller, call, 'MPI_ERR_ARG', 'program', 'the path of a file, or its URL', program)
  const file = isUrl ? fileURLToPath(program as string | URL) : resolve(program as string)
  if (existsSync(file)) return file
  const { rank, name } = caller
  throw new MpiError('MPI_ERR_SPAWN', { call, rank, comm: name }, `there is no file ${file}`)
}
