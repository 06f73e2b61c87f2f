import { span } from '@skein/base'
import type { World } from '../world.ts'
import { realChance } from './chance.ts'
import { realClock } from './clock.ts'
import { realNetwork } from './network.ts'
import { folderStorage } from './storage.ts'

export interface RealWorldOptions {
  /** Where the node's files lie. Its storage is not to be used without. */
  folder?: string
}

/** The world as it is. */
export const realWorld = (name: string, options: RealWorldOptions = {}): World => {
  let storage: World['storage'] | undefined
  return {
    name,
    clock: realClock,
    network: realNetwork(),
    chance: realChance(),
    get storage() {
      return (storage ??= folderStorage(options.folder ?? `${name}.data`))
    },
    note: text => void span(text, { node: name }, () => {}),
  }
}
