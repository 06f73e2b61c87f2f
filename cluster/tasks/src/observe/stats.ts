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
}
