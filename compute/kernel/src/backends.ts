/** The backends by name. */

import { ArgumentError, NotSupportedError } from '@skein/base'
import type { Backend } from './backend.ts'
import { reference } from './reference/index.ts'
import { wasm } from './wasm/index.ts'

export type BackendName = 'wasm' | 'x64' | 'reference'

/** Where this module lies, and how those beside it end: .ts as it was written, .js where it was built. */
const here = import.meta.url
const ending = here.slice(here.lastIndexOf('.'))

let loaded: Backend | string | undefined

/** The x64 backend, or why there is none. It is large, and loaded when first asked for: within a call, so not by `import()`. */
function load(): Backend | string {
  if (typeof process === 'undefined' || process.getBuiltinModule === undefined)
    return 'machine code needs Node.js 22 or later'
  const { createRequire } = process.getBuiltinModule('node:module')
  try {
    return (createRequire(here)(`./x64/index${ending}`) as { readonly x64: Backend }).x64
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_REQUIRE_ESM') throw error
    return 'machine code needs Node.js 22.12 or later, which can load modules within a call'
  }
}

const x64: Backend = {
  name: 'x64',
  unavailable() {
    loaded ??= load()
    return typeof loaded === 'string' ? loaded : loaded.unavailable()
  },
  compile(ir, combination, options) {
    loaded ??= load()
    if (typeof loaded === 'string') throw new NotSupportedError('x64', `kernel ${ir.name}`, loaded)
    return loaded.compile(ir, combination, options)
  },
}

/** `unavailable()` says why one cannot run here. */
export const backends: Readonly<Record<BackendName, Backend>> = { wasm, x64, reference }

export const backendNames = Object.keys(backends)
  .map(name => `'${name}'`)
  .join(' or ')

/** What kernels run on unless told otherwise: `SKEIN_BACKEND`, or wasm. */
export function defaultBackend(): Backend {
  const name = globalThis.process?.env?.SKEIN_BACKEND
  if (name === undefined || name === '') return wasm
  if (!Object.hasOwn(backends, name)) throw new ArgumentError('kernel', 'SKEIN_BACKEND', backendNames, name)
  const backend = backends[name as BackendName]
  const reason = backend.unavailable()
  if (reason) throw new NotSupportedError(name, 'SKEIN_BACKEND', reason)
  return backend
}
