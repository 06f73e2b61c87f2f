/** Which provider computes what. */

import { own } from './own/own.ts'
import type { Operation, Provider } from './provider.ts'

/**
 * @param n the smallest size of what is computed: it decides whether another provider is worth it
 * @param parts 2: matrices are complex
 */
export const providerOf = (_operation: Operation, _n: number, _parts: 1 | 2): Provider => own
