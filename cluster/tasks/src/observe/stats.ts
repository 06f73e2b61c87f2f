/** What an engine counts, looked at or not. */

export interface EngineStats {
  readonly workers: number
  /** Tasks by state; actors' calls are tasks too. */
  readonly waiting: number
  readonly ready: number
  readonly running: number
  readonly done: number
  readonly failed: number
  readonly cancelled: number
  /** Attempts beyond the first of a task. */
  readonly retried: number
  /** Workers started in the place of lost ones. */
  readonly replaced: number
  readonly actors: number
  readonly objects: ObjectStats
}

/** Values that take space, from 4 KiB on: results of tasks that someone has a reference to, and what was `put`. */
export interface ObjectStats {
  readonly count: number
  /** In the heap. */
  readonly bytes: number
  /** In files; a value that has come back is there as well. */
  readonly diskBytes: number
  /** How often a value was written to disk, read back, and could not be. */
  readonly spilled: number
  readonly readBack: number
  readonly lost: number
  /** By owner and call site, the one with most bytes in the heap first. */
  readonly holders: readonly ObjectHolder[]
}

export interface ObjectHolder {
  /** Whose results they are: a task's name; or the label given to `put`. */
  readonly owner: string
  /** Where the call was made; '' when it is not known. */
  readonly site: string
  readonly count: number
  readonly bytes: number
  readonly diskBytes: number
}
