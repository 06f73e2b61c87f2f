// Isolation levels by what they forbid (Adya and others, as in anomalies.ts).
import type { Anomaly, AnomalyKind, Order } from './anomalies.ts'

export type IsolationLevel =
  | 'read-uncommitted'
  | 'read-committed'
  | 'snapshot-isolation'
  | 'repeatable-read'
  | 'serializable'
  | 'strong-session-serializable'
  | 'strict-serializable'

const uncommitted: readonly AnomalyKind[] = ['G0', 'duplicate', 'garbage-read', 'internal', 'incompatible-order']
const committed: readonly AnomalyKind[] = [...uncommitted, 'G1a', 'G1b', 'G1c']
const snapshot: readonly AnomalyKind[] = [...committed, 'G-single', 'G-nonadjacent', 'lost-update']
const serializable: readonly AnomalyKind[] = [...snapshot, 'G2']

const forbidden: Record<IsolationLevel, { kinds: readonly AnomalyKind[]; orders: readonly Order[] }> = {
  'read-uncommitted': { kinds: uncommitted, orders: ['none'] },
  'read-committed': { kinds: committed, orders: ['none'] },
  'snapshot-isolation': { kinds: snapshot, orders: ['none'] },
  'repeatable-read': { kinds: serializable, orders: ['none'] },
  serializable: { kinds: serializable, orders: ['none'] },
  'strong-session-serializable': { kinds: serializable, orders: ['none', 'process'] },
  'strict-serializable': { kinds: serializable, orders: ['none', 'process', 'realtime'] },
}

/** The anomalies that the level does not allow; none: as far as can be told, the history has it. */
export const violations = (anomalies: readonly Anomaly[], level: IsolationLevel): Anomaly[] => {
  const { kinds, orders } = forbidden[level]
  return anomalies.filter(({ kind, order }) => kinds.includes(kind) && orders.includes(order))
}
