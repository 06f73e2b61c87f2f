/** The kinds of clients, each with a file that connects one. */
import type { Connect } from './client.ts'

const kinds = {
  skein: async () => (await import('./clients/skein.ts')).connect,
  sqlite: async () => (await import('./clients/sqlite.ts')).connect,
  etcd: async () => (await import('./clients/etcd.ts')).connect,
  nats: async () => (await import('./clients/nats.ts')).connect,
} satisfies Record<string, () => Promise<Connect>>

export type Kind = keyof typeof kinds

export const isKind = (name: string): name is Kind => name in kinds

export const clientOf = (kind: Kind): Promise<Connect> => kinds[kind]()
