/** The pack of `skein mpirun`: this command's modules, and those of its ranks on every engine. */
import { createHash } from 'node:crypto'
import { writePack } from '@skein/base/pack'
import { rankModules } from '@skein/mpi/rank-modules'
import { link } from './link.ts'

const ownModules = [
  import.meta.resolve('../main.ts'),
  import.meta.resolve('../mpirun/run-ranks.ts'),
  import.meta.resolve('../mpirun/on-threads.ts'),
  import.meta.resolve('../mpirun/under-library.ts'),
]

/** Writes it, if it can be written there. */
export function keepPack(file: string, entries: readonly string[] = [...ownModules, ...rankModules]): void {
  const { modules, inputs } = quietly(() => link(entries))
  let at = 0
  const placed = modules.map(({ url, text, names }) => [url, at, (at += text.length), names])
  const body = Buffer.from(modules.map(({ text }) => text).join(''), 'latin1')
  const id = createHash('sha256').update(body).digest('base64url')
  writePack(file, { id, inputs, modules: placed }, body)
}

/** Some versions of Node say that dropping types is experimental. */
function quietly<T>(does: () => T): T {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return does()
  } finally {
    process.emitWarning = emitWarning
  }
}
