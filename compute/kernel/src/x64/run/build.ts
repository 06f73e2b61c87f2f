/**
 * Which compiler this is: the sizes and times of its files, so that a change of any of them makes other code than what the cache holds. When they came here counts, too: npm gives all files of all versions the same time.
 * Other backends do not count where they are in files of their own. As it is published, modules are joined into a few files.
 */

import { createHash } from 'node:crypto'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** From here to the compiler's folder: src, or dist. */
const up = ['..', '..']
const isModule = /\.[jt]s$/
/** For other backends. */
const isElsewhere = /^(reference|wasm)[/\\]/

/** @param file of this module, as it runs */
export function buildOf(file: string): string {
  let text = ''
  const add = (path: string, name: string) => {
    const { size, mtimeMs, ctimeMs } = statSync(path)
    text += `${name} ${size} ${mtimeMs} ${ctimeMs}
`
  }
  if (/^build\.[jt]s$/.test(basename(file))) {
    const folder = join(dirname(file), ...up)
    for (const name of (readdirSync(folder, { recursive: true }) as string[]).sort())
      if (isModule.test(name) && !name.endsWith('.d.ts') && !isElsewhere.test(name)) add(`${folder}/${name}`, name)
  } else {
    // Joined, this module is in a file of the compiler's folder or of x64 in it. In a bundle others may stand beside it, too.
    const folder = dirname(file).replace(/[/\\]x64$/, '')
    for (const part of [folder, join(folder, 'x64')].filter(part => existsSync(part)))
      for (const name of readdirSync(part).sort()) if (name.endsWith('.js')) add(join(part, name), name)
  }
  return createHash('sha256').update(text).digest('hex')
}

let build: string | undefined

/** Of this process; undefined where that cannot be told, and nothing may be taken from the cache. */
export function thisBuild(): string | undefined {
  try {
    build ??= buildOf(fileURLToPath(import.meta.url))
  } catch {
    return undefined
  }
  return build
}
