// What the machine keeps, in a file of SQLite. Keys are blobs, so that they lie in the order of their bytes.
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { endsOf } from '../../core/keys.ts'
import type { Change, LeaseRow, Tables } from '../../core/tables.ts'
import type { Entry, Range, WatchBatch, WatchEvent } from '../../store.ts'

/** Of the tables below. Another one is refused. */
export const formatVersion = 1

export const schema = `
  CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS changes (
    key BLOB NOT NULL, revision INTEGER NOT NULL,
    part INTEGER NOT NULL, -- the order in which the changes of a revision were made
    value BLOB, created INTEGER, version INTEGER, lease TEXT, -- all null: deleted
    PRIMARY KEY (key, revision)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS changes_by_revision ON changes (revision);
  CREATE INDEX IF NOT EXISTS changes_by_lease ON changes (lease) WHERE lease IS NOT NULL;
  CREATE TABLE IF NOT EXISTS leases (id INTEGER PRIMARY KEY AUTOINCREMENT, ttl_ms REAL NOT NULL, until_ms REAL NOT NULL);
  CREATE INDEX IF NOT EXISTS leases_by_end ON leases (until_ms);
  INSERT OR IGNORE INTO meta VALUES ('format', ${formatVersion}), ('revision', 0), ('compacted', 0);
`

interface Row {
  key: Uint8Array
  revision: number
  value: Uint8Array | null
  created: number
  version: number
  lease: string | null
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export class SqliteTables implements Tables {
  private readonly database: DatabaseSync
  private readonly statements = new Map<string, StatementSync>()
  /** The last change that was appended. */
  private last = { revision: 0, part: 0 }

  constructor(database: DatabaseSync) {
    this.database = database
  }

  get revision(): number {
    return this.meta('revision')
  }

  get compacted(): number {
    return this.meta('compacted')
  }

  change(key: string, revision?: number): Change | undefined {
    const row =
      revision === undefined
        ? this.sql('SELECT * FROM changes WHERE key = ? ORDER BY revision DESC LIMIT 1').get(encoder.encode(key))
        : this.sql('SELECT * FROM changes WHERE key = ? AND revision <= ? ORDER BY revision DESC LIMIT 1').get(
            encoder.encode(key),
            revision,
          )
    return row && changeOf(key, row as unknown as Row)
  }

  keysIn(range: Range): string[] {
    const [from, to] = boundsOf(range)
    const rows =
      to === undefined
        ? this.sql('SELECT DISTINCT key FROM changes WHERE key >= ? ORDER BY key').all(from)
        : this.sql('SELECT DISTINCT key FROM changes WHERE key >= ? AND key < ? ORDER BY key').all(from, to)
    return rows.map(({ key }) => decoder.decode(key as Uint8Array))
  }

  append(key: string, { revision, entry }: Change): void {
    const { value = null, created = null, version = null, lease = null } = entry ?? {}
    this.last = { revision, part: this.last.revision === revision ? this.last.part + 1 : 0 }
    this.sql('INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?, ?)').run(
      encoder.encode(key),
      revision,
      this.last.part,
      value,
      created,
      version,
      lease,
    )
  }

  commit({ revision }: WatchBatch): void {
    this.setMeta('revision', revision)
  }

  *batchesSince(revision: number): Generator<WatchBatch> {
    const rows = this.sql('SELECT * FROM changes WHERE revision >= ? ORDER BY revision, part').all(
      revision,
    ) as unknown as Row[]
    for (let i = 0; i < rows.length; ) {
      const { revision } = rows[i]
      const events: WatchEvent[] = []
      for (; i < rows.length && rows[i].revision === revision; i++) {
        const key = decoder.decode(rows[i].key)
        const { entry } = changeOf(key, rows[i])
        const previous = this.change(key, revision - 1)?.entry
        if (entry) events.push({ type: 'put', entry, previous })
        // What was compacted away may have left a deletion of nothing.
        else if (previous || revision > this.compacted) events.push({ type: 'delete', key, revision, previous })
      }
      yield { revision, events }
    }
  }

  compact(revision: number): void {
    this.setMeta('compacted', revision)
    this.sql(`
      DELETE FROM changes WHERE revision <= ?1 AND (
        revision < (SELECT max(revision) FROM changes AS later WHERE later.key = changes.key AND later.revision <= ?1)
        OR (value IS NULL AND revision < ?1)
      )`).run(revision)
  }

  addLease(ttlMs: number, untilMs: number): string {
    const { lastInsertRowid } = this.sql('INSERT INTO leases (ttl_ms, until_ms) VALUES (?, ?)').run(ttlMs, untilMs)
    return String(lastInsertRowid)
  }

  lease(id: string): LeaseRow | undefined {
    if (!/^\d{1,15}$/.test(id)) return undefined
    return leaseOf(this.sql('SELECT * FROM leases WHERE id = ?').get(Number(id)))
  }

  prolong(id: string, untilMs: number): void {
    this.sql('UPDATE leases SET until_ms = ? WHERE id = ?').run(untilMs, Number(id))
  }

  removeLease(id: string): void {
    this.sql('DELETE FROM leases WHERE id = ?').run(Number(id))
  }

  keysOf(lease: string): string[] {
    const rows = this.sql(`
      SELECT key FROM changes WHERE lease = ?
      AND revision = (SELECT max(revision) FROM changes AS later WHERE later.key = changes.key) ORDER BY key`).all(
      lease,
    )
    return rows.map(({ key }) => decoder.decode(key as Uint8Array))
  }

  firstLease(): LeaseRow | undefined {
    return leaseOf(this.sql('SELECT * FROM leases ORDER BY until_ms LIMIT 1').get())
  }

  meta(name: string): number {
    return this.sql('SELECT value FROM meta WHERE name = ?').get(name)!.value as number
  }

  setMeta(name: string, value: number | string): void {
    this.sql('INSERT OR REPLACE INTO meta VALUES (?, ?)').run(name, value)
  }

  /** A statement, prepared once. */
  private sql(text: string): StatementSync {
    let statement = this.statements.get(text)
    if (statement === undefined) this.statements.set(text, (statement = this.database.prepare(text)))
    return statement
  }
}

const changeOf = (key: string, { revision, value, created, version, lease }: Row): Change => {
  if (value === null) return { revision, entry: undefined }
  const entry: Entry = { key, value, created, modified: revision, version, lease: lease ?? undefined }
  return { revision, entry }
}

const leaseOf = (row: Record<string, unknown> | undefined): LeaseRow | undefined =>
  row && { id: String(row.id), ttlMs: row.ttl_ms as number, untilMs: row.until_ms as number }

/** The range's first key, and the first after it. */
const boundsOf = (range: Range): [from: Uint8Array, to: Uint8Array | undefined] => {
  const { from, to } = endsOf(range)
  if (!('prefix' in range)) return [encoder.encode(from), to === undefined ? undefined : encoder.encode(to)]
  const prefix = encoder.encode(range.prefix)
  // No byte of UTF-8 is 255: the last one can be raised.
  if (prefix.length === 0) return [prefix, undefined]
  const after = prefix.slice()
  after[after.length - 1]++
  return [prefix, after]
}
