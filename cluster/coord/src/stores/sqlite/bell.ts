// How processes that share a file tell each other that it has changed: one byte of a file beside it is written after each commit, when others see what was committed, and the system tells those who listen to that file.
// Nothing depends on it: who does not hear it looks from time to time.
import { closeSync, constants, type FSWatcher, openSync, watch, writeSync } from 'node:fs'

const nothing = new Uint8Array(1)

export class Bell {
  private readonly path: string
  private readonly file: number | undefined
  private watcher: FSWatcher | undefined

  constructor(path: string) {
    this.path = `${path}-bell`
    try {
      this.file = openSync(this.path, constants.O_RDWR | constants.O_CREAT)
    } catch {}
  }

  ring(): void {
    if (this.file === undefined) return
    try {
      writeSync(this.file, nothing, 0, 1, 0)
    } catch {
      // Of a disk that is full, those who wrote were told.
    }
  }

  /** Calls `run` after each ring, of whatever process; of several that come together maybe once. */
  listen(run: () => void): void {
    if (this.watcher || this.file === undefined) return
    try {
      this.watcher = watch(this.path, run)
      this.watcher.on('error', () => this.ignore())
    } catch {
      // Not every file system tells, and systems have limits of how many may listen.
    }
  }

  ignore(): void {
    this.watcher?.close()
    this.watcher = undefined
  }

  close(): void {
    this.ignore()
    if (this.file !== undefined) closeSync(this.file)
  }
}
