import { orderRefusal } from '@skein/kernel/order'
import { backendNow } from '../expression/programs.ts'

let isPossible: boolean | undefined

/** Whether the backend has code of its own that sorts and picks words by vectors. */
export const isByVectors = (): boolean => backendNow().name === 'x64' && (isPossible ??= orderRefusal() === undefined)
