/** Who computes linear algebra in tests: own algorithms on each backend, and the library of the machine. */

import { type BackendName, backends } from '@skein/kernel/compiler'
import { needs } from '@skein/testing'
import * as nd from '../src/index.ts'

export interface Runner {
  readonly name: BackendName | 'lapack'
  readonly skip: string | false
  /** A test that has it compute. */
  on(work: () => void): () => void
}

const onBackend = (name: BackendName): Runner => ({
  name,
  skip: backends[name].unavailable() ?? false,
  on: work => () => {
    nd.backend(name)
    try {
      work()
    } finally {
      nd.backend(undefined)
    }
  },
})

const byLibrary: Runner = {
  name: 'lapack',
  skip: needs('openblas'),
  on: work => () => {
    nd.linalg.provider('lapack')
    try {
      work()
    } finally {
      nd.linalg.provider('auto')
    }
  },
}

export const runners: readonly Runner[] = [...(Object.keys(backends) as BackendName[]).map(onBackend), byLibrary]
