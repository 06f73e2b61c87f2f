/** Programs that do not outlive the one that started them. */
import { spawnSync } from 'node:child_process'
import { findProgram } from '@skein/base'

let prefix: string[] | undefined

/** Words before a program's own: Linux ends a process started so when its parent ends, however that ends. Elsewhere none. */
export function diesWithParent(): string[] {
  if (prefix !== undefined) return prefix
  const setpriv = process.platform === 'linux' ? findProgram(['setpriv']) : undefined
  // Busybox has a program of that name which does less.
  const can = setpriv !== undefined && /pdeathsig/.test(spawnSync(setpriv, ['--help'], { encoding: 'utf8' }).stdout)
  prefix = can ? [setpriv, '--pdeathsig', 'KILL'] : []
  return prefix
}
