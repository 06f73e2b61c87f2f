// What clients asked of a system and what they were told, with the times at which each call began and ended. That is all that a checker knows.

export interface Operation<Input = unknown, Output = unknown> {
  /** Who asked. */
  readonly process: number | string
  readonly input: Input
  /** What was answered; undefined: nobody knows. */
  readonly output: Output | undefined
  /** When the call began; in any unit, the same for all operations. */
  readonly begin: number
  /** When the answer came. Infinity: it never did, and the operation may have happened at any time since, or not at all. */
  readonly end: number
}

/** A history as it is recorded: `invoke`, then `ok`, `fail` or `info` of the same process, as Jepsen has it. */
export interface HistoryEvent<Input = unknown, Output = unknown> {
  readonly process: number | string
  /** `fail`: it did not happen. `info`: nobody knows whether it did; the process asks for nothing more. */
  readonly type: 'invoke' | 'ok' | 'fail' | 'info'
  readonly input?: Input
  readonly output?: Output
  readonly time?: number
}

/** A history that is none: an answer without a question, or two questions at a time. */
export class MalformedHistoryError extends Error {
  override readonly name = 'MalformedHistoryError'
}

/**
 * Operations of the events, in the order in which they began. Those that failed are left out unless `keepFailed` makes something of them; those without an end, and those
 * whose end nobody knows, have an end of Infinity.
 */
export const operationsOf = <Input, Output>(
  events: Iterable<HistoryEvent<Input, Output>>,
  keepFailed?: (input: Input, output: Output | undefined) => Output | undefined,
): Operation<Input, Output>[] => {
  type Open = { -readonly [K in keyof Operation<Input, Output>]: Operation<Input, Output>[K] } & { dropped?: boolean }
  const all: Open[] = []
  const open = new Map<number | string, Open>()
  let index = 0
  for (const { process, type, input, output } of events) {
    const at = index++
    const asked = open.get(process)
    if (type === 'invoke') {
      if (asked) throw new MalformedHistoryError(`event ${at}: process ${process} asks again before it was answered`)
      const operation: Open = {
        process,
        input: input as Input,
        output: undefined,
        begin: at,
        end: Number.POSITIVE_INFINITY,
      }
      open.set(process, operation)
      all.push(operation)
      continue
    }
    if (!asked) throw new MalformedHistoryError(`event ${at}: process ${process} is answered and has not asked`)
    open.delete(process)
    if (type === 'info') continue
    if (type === 'ok') {
      asked.output = output
      asked.end = at
      continue
    }
    const known = keepFailed?.(asked.input, output)
    if (known === undefined) asked.dropped = true
    else {
      asked.output = known
      asked.end = at
    }
  }
  return all.filter(({ dropped }) => !dropped)
}
