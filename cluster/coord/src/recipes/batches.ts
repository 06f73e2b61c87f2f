// What is asked while a change of the same key is under way goes together in the next: one transaction for many, where each alone would make the others fail.

export interface Request<T, R> {
  readonly item: T
  resolve(result: R): void
  reject(error: unknown): void
}

export class Batches<T, R> {
  private waiting: Request<T, R>[] = []
  private isRunning = false
  private readonly run: (requests: readonly Request<T, R>[]) => Promise<void>
  private readonly most: number

  /** `run` settles each of at most `most` requests; those that are left when it rejects are rejected with it. */
  constructor(run: (requests: readonly Request<T, R>[]) => Promise<void>, most: number) {
    this.run = run
    this.most = most
  }

  add(item: T): Promise<R> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject })
      if (!this.isRunning) void this.work()
    })
  }

  private async work(): Promise<void> {
    this.isRunning = true
    // Those of this turn go together.
    await undefined
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, this.most)
      try {
        await this.run(batch)
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    this.isRunning = false
  }
}
