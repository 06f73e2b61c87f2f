import { nodeModule } from '@skein/base'
import type { WorldError } from '../errors.ts'
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

  const file = (name: string, descriptor: number): StorageFile => ({
    get sizeBytes() {
      return attempt(`ask for the size of ${name}`, () => fs.fstatSync(descriptor).size)
    },
    read: (offset, length) =>
      attempt(`read ${name}`, () => {
        const bytes = new Uint8Array(length)
        let got = 0
        while (got < length) {
          const more = fs.readSync(descriptor, bytes, got, length - got, offset + got)
          if (more === 0) break
          got += more
        }
        return got === length ? bytes : bytes.slice(0, got)
      }),
    write: (offset, bytes) =>
      attempt(`write ${bytes.length} bytes to ${name}`, () => {
        for (let put = 0; put < bytes.length; )
          put += fs.writeSync(descriptor, bytes, put, bytes.length - put, offset + put)
      }),
    truncate: sizeBytes => attempt(`cut ${name} at ${sizeBytes}`, () => fs.ftruncateSync(descriptor, sizeBytes)),
    sync: done => fs.fsync(descriptor, synced(`sync ${name}`, done)),
    close: () => attempt(`close ${name}`, () => fs.closeSync(descriptor)),
  })

  return {
    open: name =>
      attempt(`open ${name}`, () => {
        const { O_RDWR, O_CREAT } = fs.constants
        return file(name, fs.openSync(join(folder, name), O_RDWR | O_CREAT, 0o600))
      }),
    list: () => attempt(`list ${folder}`, () => fs.readdirSync(folder).sort()),
    rename: (name, to) => attempt(`rename ${name} to ${to}`, () => fs.renameSync(join(folder, name), join(folder, to))),
    remove: name => attempt(`remove ${name}`, () => fs.unlinkSync(join(folder, name))),
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
