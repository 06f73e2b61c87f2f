// What one client may expect of its own calls (D. Terry and others, "Session guarantees for weakly consistent replicated data", PDIS 1994), for registers whose writes have values
// that occur once, and whose order is known: by a version that the store gives with each.
import type { Operation } from './history.ts'

export type SessionInput = { readonly op: 'read' | 'write'; readonly key: string }
/** The version that was read or written; 0: nothing is there yet. */
export type SessionOutput = number

export type SessionGuarantee = 'read-your-writes' | 'monotonic-reads' | 'monotonic-writes' | 'writes-follow-reads'

export interface SessionFault {
  readonly guarantee: SessionGuarantee
  readonly first: Operation<SessionInput, SessionOutput>
  readonly second: Operation<SessionInput, SessionOutput>
}

/**
 * The guarantees that the history breaks, with the two operations that break each. That writes follow reads, and writes of one client each other, is looked at by key: a later
 * write there has a later version.
 */
export const checkSessions = (history: readonly Operation<SessionInput, SessionOutput>[]): SessionFault[] => {
  const faults: SessionFault[] = []
  const processes = Map.groupBy(history, ({ process }) => process)
  for (const operations of processes.values()) {
    const last = new Map<
      string,
      { read?: Operation<SessionInput, SessionOutput>; write?: Operation<SessionInput, SessionOutput> }
    >()
    for (const operation of [...operations].sort((a, b) => a.begin - b.begin)) {
      const { input, output } = operation
      if (output === undefined) continue
      const before = last.get(input.key) ?? {}
      last.set(input.key, before)
      const compare = (first: typeof operation | undefined, guarantee: SessionGuarantee, strictly: boolean): void => {
        if (first && (strictly ? output <= first.output! : output < first.output!))
          faults.push({ guarantee, first, second: operation })
      }
      if (input.op === 'read') {
        compare(before.write, 'read-your-writes', false)
        compare(before.read, 'monotonic-reads', false)
        if (!before.read || output > before.read.output!) before.read = operation
      } else {
        compare(before.write, 'monotonic-writes', true)
        compare(before.read, 'writes-follow-reads', true)
        if (!before.write || output > before.write.output!) before.write = operation
      }
    }
  }
  return faults
}
