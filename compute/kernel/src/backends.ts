/** The backends by name. */

import { ArgumentError, NotSupportedError } from '@skein/base'
import { type Backend, modules } from './backend.ts'
import { reference } from './reference/index.ts'
import { wasm } from './wasm/index.ts'

export type BackendName = 'wasm' | 'x64' | 'reference'

/** Where this module lies, and how those beside it end: .ts as it was written, .js where it was built. */
const here = import.meta.url
const ending = here.slice(here.lastIndexOf('.'))

let loaded: typeof import('./x64/index.ts') | string | undefined

/** The x64 backend, or why there is none. It is large, and loaded when first asked for: within a call, so not by `import()`. */
function load(): typeof import('./x64/index.ts') | string {
  if (typeof process === 'undefined' || process.getBuiltinModule === undefined)
    return 'machine code needs Node.js 22 or later'
  const { createRequire } = process.getBuiltinModule('node:module')
  try {
    const found = createRequire(here)(`./x64/index${ending}`) as typeof import('./x64/index.ts')
    return found.modules === modules ? found : notInBundles
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ERR_REQUIRE_ESM')
      return 'machine code needs Node.js 22.12 or later, which can load modules within a call'
    return code === 'MODULE_NOT_FOUND' ? notInBundles : `it cannot be loaded: ${message}`
  }
}

/** What is loaded from a file would have other modules than these: another heap, another team, and perhaps of another version. */
const notInBundles =
  'machine code cannot be loaded into a bundle, nor where modules are loaded by something else than Node.js (leave @skein/kernel external)'

const x64: Backend = {
  name: 'x64',
  unavailable() {
    loaded ??= load()
    return typeof loaded === 'string' ? loaded : loaded.x64.unavailable()
  },
  recall(lower, options) {
    loaded ??= load()
    return typeof loaded === 'string' ? undefined : loaded.x64.recall!(lower, options)
  },
  compile(ir, combination, options) {
    loaded ??= load()
    if (typeof loaded === 'string') throw new NotSupportedError('x64', `kernel ${ir.name}`, loaded)
    return loaded.x64.compile(ir, combination, options)
  },
}

/** `unavailable()` says why one cannot run here. */
export const backends: Readonly<Record<BackendName, Backend>> = { wasm, x64, reference }

export const backendNames = Object.keys(backends)
  .map(name => `'${name}'`)
  .join(' or ')

/** What the environment asks for: `SKEIN_BACKEND`. @throws ArgumentError, NotSupportedError */
export function askedBackend(): Backend | undefined {
  const name = globalThis.process?.env?.SKEIN_BACKEND
  if (name === undefined || name === '') return undefined
  if (!Object.hasOwn(backends, name)) throw new ArgumentError('kernel', 'SKEIN_BACKEND', backendNames, name)
  const backend = backends[name as BackendName]
  const reason = backend.unavailable()
  if (reason) throw new NotSupportedError(name, 'SKEIN_BACKEND', reason)
  return backend
}

let usual: Backend | undefined

/** What a kernel runs on that is made now, without `.on`. @throws ArgumentError, NotSupportedError for what the environment asks */
export const defaultBackend = (): BackendName => (askedBackend() ?? usualBackend()).name as BackendName

/** What kernels run on that nobody has chosen a backend for: machine code where it can run, else wasm, and the reference where there is no WebAssembly either. Found out at the first call of one. */
export const usualBackend = (): Backend => (usual ??= findUsual())

function findUsual(): Backend {
  if (whyNotByDefault() === undefined) return x64
  return wasm.unavailable() === undefined ? wasm : reference
}

/** Why kernels do not run as machine code unless told to; undefined: they do. */
export function whyNotByDefault(): string | undefined {
  loaded ??= load()
  return typeof loaded === 'string' ? loaded : loaded.whyNotByDefault()
}
