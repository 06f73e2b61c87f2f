import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')

/** Collects garbage now, whatever the process was started with. */
export const collect: () => void = runInNewContext('gc')
