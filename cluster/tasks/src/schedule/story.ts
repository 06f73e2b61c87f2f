/** What became of tasks, told when an invariant is broken: the last transitions, oldest first. */

const mostLines = 10_000
/** An error tells at most so much of one task, and of what happened around it. */
const [toldOfTask, toldOfOthers] = [20, 10]

export class Story {
  /** A ring, once it is full. */
  readonly #lines: string[] = []
  readonly #tasks: number[] = []
  #next = 0

  /** @param task its number; 0 for what concerns none */
  tell(task: number, line: string): void {
    const at = this.#next++ % mostLines
    this.#lines[at] = `${this.#next}. ${line}`
    this.#tasks[at] = task
  }

  /** What led to a fault: of this task, if it is about one, and at last what happened to any. */
  of(task: number): string[] {
    const end = this.#lines.length
    const start = end < mostLines ? 0 : this.#next % mostLines
    const order = Array.from({ length: end }, (_, i) => (start + i) % end)
    const own = order.filter(i => task > 0 && this.#tasks[i] === task).slice(-toldOfTask)
    const told = new Set([...own, ...order.slice(-toldOfOthers)])
    return order.filter(i => told.has(i)).map(i => this.#lines[i])
  }
}
