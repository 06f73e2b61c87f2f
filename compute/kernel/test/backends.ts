/** The backends that run here: every test that is about what kernels compute goes over them. */

import { type BackendName, backends } from '../src/index.ts'
import './whole-code.ts'

const named = ['reference', 'wasm', 'x64'] as const

export const runHere: readonly BackendName[] = named.filter(name => backends[name].unavailable() === undefined)

/** All but the reference. */
export const fastHere = runHere.filter(name => name !== 'reference')

/** For tests of it alone: the reason why it cannot run here, or false. */
export const noX64 = backends.x64.unavailable() ?? false
