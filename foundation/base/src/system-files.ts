/** The files a system tells about itself in, behind two reads, so that tests put another machine's in their place. */

import { nodeModule } from './node.ts'

export interface SystemFiles {
  /** The text of a file; undefined if it cannot be read. */
  read(path: string): string | undefined
  /** The names in a folder, sorted; none if it cannot be read. */
  list(path: string): readonly string[]
}

export const realFiles: SystemFiles = {
  read(path) {
    try {
      return nodeModule<typeof import('node:fs')>('node:fs')?.readFileSync(path, 'utf8')
    } catch {
      return undefined
    }
  },
  list(path) {
    try {
      return nodeModule<typeof import('node:fs')>('node:fs')?.readdirSync(path).sort() ?? []
    } catch {
      return []
    }
  },
}

/** Numbers written as `0-3,8,10-11`: how many. */
export const countList = (list: string): number => {
  let count = 0
  for (const range of list.trim().split(',')) {
    const [first, last = first] = range.split('-')
    if (/^\d+$/.test(first!) && /^\d+$/.test(last!)) count += Number(last) - Number(first) + 1
  }
  return count
}
