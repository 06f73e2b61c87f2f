/** A folder for the files of a program, the same on all ranks, which is gone when they end. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { world } from '@skein/mpi'

/** The program's folder as a function from a name to a path; `end` removes it, when all ranks are through. */
export function scratch(): { at: (name: string) => string; end: () => void } {
  const folder = world.bcast(world.rank === 0 ? mkdtempSync(join(tmpdir(), 'skein-mpi-')) : '', 0)
  return {
    at: name => join(folder, name),
    end: () => {
      world.barrier()
      if (world.rank === 0) rmSync(folder, { recursive: true, force: true })
    },
  }
}
