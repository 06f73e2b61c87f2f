import { nodeModule } from '@skein/base'
import { checkBytes, checkName } from '../asked.ts'
import { WorldError } from '../errors.ts'
import type { Storage, StorageFile } from '../world.ts'
import { worldError } from './errors.ts'

/** Files of a folder, which is made if it is not there. Throws WorldError. */
export const folderStorage = (folder: string): Storage => {
  const fs = nodeModule<typeof import('node:fs')>('node:fs')!
  const { join } = nodeModule<typeof import('node:path')>('node:path')!
  const attempt = <T>(asked: string, run: () => T): T => {
    try {
      return run()
    } catch (error) {
      throw worldError(error, asked)
    }
  }
  attempt(`make the folder ${folder}`, () => fs.mkdirSync(folder, { recursive: true }))
  const synced =
    (asked: string, done: (error?: WorldError) => void, after?: () => void) =>
    (error: Error | null): void => {
      after?.()
      if (error) done(worldError(error, asked))
      else done()
    }

  const file = (name: string, descriptor: number): StorageFile => {
    // The system gives the number of a closed file to the next one.
    let isClosed = false
    const onOpen = <T>(asked: string, run: () => T): T => {
      if (isClosed) throw new WorldError('closed', asked)
      return attempt(asked, run)
    }
    return {
      get sizeBytes() {
        return onOpen(`ask for the size of ${name}`, () => fs.fstatSync(descriptor).size)
      },
      read: (offset, length) =>
        onOpen(`read ${name}`, () => {
          checkBytes('read', 'offset', offset)
          checkBytes('read', 'length', length)
          // What is not there takes no room.
          const bytes = new Uint8Array(Math.max(0, Math.min(length, fs.fstatSync(descriptor).size - offset)))
          let got = 0
          while (got < bytes.length) {
            const more = fs.readSync(descriptor, bytes, got, bytes.length - got, offset + got)
            if (more === 0) break
            got += more
          }
          return got === bytes.length ? bytes : bytes.slice(0, got)
        }),
      write: (offset, bytes) =>
        onOpen(`write ${bytes.length} bytes to ${name}`, () => {
          checkBytes('write', 'offset', offset)
          for (let put = 0; put < bytes.length; )
            put += fs.writeSync(descriptor, bytes, put, bytes.length - put, offset + put)
        }),
      truncate: sizeBytes =>
        onOpen(`cut ${name} at ${sizeBytes}`, () =>
          fs.ftruncateSync(descriptor, checkBytes('truncate', 'sizeBytes', sizeBytes)),
        ),
      sync: done => onOpen(`sync ${name}`, () => fs.fsync(descriptor, synced(`sync ${name}`, done))),
      close: () => {
        if (isClosed) return
        isClosed = true
        attempt(`close ${name}`, () => fs.closeSync(descriptor))
      },
    }
  }

  return {
    open: name =>
      attempt(`open ${name}`, () => {
        checkName('storage.open', name)
        const { O_RDWR, O_CREAT } = fs.constants
        return file(name, fs.openSync(join(folder, name), O_RDWR | O_CREAT, 0o600))
      }),
    list: () => attempt(`list ${folder}`, () => fs.readdirSync(folder).sort()),
    rename: (name, to) =>
      attempt(`rename ${name} to ${to}`, () =>
        fs.renameSync(join(folder, checkName('storage.rename', name)), join(folder, checkName('storage.rename', to))),
      ),
    remove: name => attempt(`remove ${name}`, () => fs.unlinkSync(join(folder, checkName('storage.remove', name)))),
    sync: done => {
      const asked = `sync the folder ${folder}`
      fs.open(folder, 'r', (error, descriptor) => {
        if (error) return done(worldError(error, asked))
        fs.fsync(
          descriptor,
          synced(asked, done, () => fs.closeSync(descriptor)),
        )
      })
    },
  }
}
