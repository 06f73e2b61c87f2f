// What the machine keeps, in a file of SQLite. Changes lie in the order in which they were made, and entries point to the last one of each key that is there, so that a commit appends to one table and
// changes a page of another. Each change points to the one of its key before it: the past is what is there now with what happened since undone. Keys are blobs, so that they lie in the order of their bytes.
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { ArgumentError } from '@skein/base'
import { endsOf } from '../../core/keys.ts'
import type { Change, LeaseRow, Tables } from '../../core/tables.ts'
import type { Entry, Range, WatchBatch, WatchEvent } from '../../store.ts'

/** Of the tables below. Another one is refused. */
export const formatVersion = 2

/** Of a change's number those that say which one it is of its revision; the others are the revision. SQLite's numbers have 64 bits. */
const partBits = 20

export const schema = `
  CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS changes (
    at INTEGER PRIMARY KEY, -- the revision, and which change of it
    key BLOB NOT NULL,
    value BLOB, created INTEGER, version INTEGER, lease TEXT, -- all null: deleted
    before INTEGER -- the change of the key before this one, if it was there
  );
  CREATE TABLE IF NOT EXISTS entries (key BLOB PRIMARY KEY, at INTEGER NOT NULL, lease TEXT) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS entries_by_lease ON entries (lease) WHERE lease IS NOT NULL;
  CREATE TABLE IF NOT EXISTS leases (id INTEGER PRIMARY KEY, ttl_ms REAL NOT NULL, until_ms REAL NOT NULL);
  CREATE INDEX IF NOT EXISTS leases_by_end ON leases (until_ms);
  INSERT OR IGNORE INTO meta VALUES ('format', ${formatVersion}), ('compacted', 0);
`

/** The number of a revision's first change, and of the first one after it. */
const firstOf = (revision: string): string => `(${revision} << ${partBits})`
const firstAfter = (revision: string): string => `((${revision} + 1) << ${partBits})`

/** A change's columns. */
const columnsOf = (change: string, named = ''): string =>
  `${change}.at >> ${partBits} AS ${named}revision, ${['value', 'created', 'version', 'lease'].map(column => `${change}.${column} AS ${named}${column}`).join(', ')}`
const columns = columnsOf('changes')

/** A change; of one that deletes all but the revision is null. */
interface Row {
  revision: number
  value: Uint8Array | null
  created: number
  version: number
  lease: string | null
}
type KeyedRow = Row & { key: Uint8Array }
type ChangeRow = KeyedRow & { [Column in keyof Row as `before_${Column}`]: Row[Column] }

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
    const last = this.sql(`SELECT at >> ${partBits} AS revision FROM changes ORDER BY at DESC LIMIT 1`).get()
    return (last?.revision ?? 0) as number
  }

  get compacted(): number {
    return this.meta('compacted')
  }

  entry(key: string, revision?: number): Entry | undefined {
    const bytes = encoder.encode(key)
    const present = this.sql(
      `SELECT ${columns} FROM entries JOIN changes ON changes.at = entries.at WHERE entries.key = ?`,
    ).get(bytes) as Row | undefined
    if (revision === undefined || (present && present.revision <= revision)) return present && entryOf(key, present)
    // What was before the first change since then.
    const past = this.sql(`
      SELECT ${columns} FROM changes AS later LEFT JOIN changes ON changes.at = later.before
      WHERE later.at >= ${firstAfter('?2')} AND later.key = ?1 ORDER BY later.at LIMIT 1`).get(bytes, revision)
    return past && entryOf(key, past as unknown as Row)
  }

  *entriesIn(range: Range, revision?: number): Generator<Entry> {
    const { within, ends } = boundsOf(range)
    const there = `SELECT entries.key, ${columns} FROM entries JOIN changes ON changes.at = entries.at WHERE ${within('entries.key')}`
    // What has not changed since then, and of what has the change before the first: beside min(), columns are those of its row.
    const wasThere = `
      ${there} AND entries.at < ${firstAfter('?1')} UNION ALL
      SELECT later.key, ${columns} FROM (
        SELECT key, before, min(at) FROM changes WHERE at >= ${firstAfter('?1')} AND ${within('key')} GROUP BY key
      ) AS later JOIN changes ON changes.at = later.before`
    const rows = this.sql(`${revision === undefined ? there : wasThere} ORDER BY 1`).all(revision ?? null, ...ends)
    for (const row of rows as unknown as KeyedRow[]) {
      const entry = entryOf(decoder.decode(row.key), row)
      if (entry) yield entry
    }
  }

  append(key: string, { revision, entry }: Change): void {
    const { value = null, created = null, version = null, lease = null } = entry ?? {}
    const part = this.last.revision === revision ? this.last.part + 1 : 0
    if (part >= 2 ** partBits)
      throw new ArgumentError('transact', 'operations', `at most ${2 ** partBits} changes`, part, 'Make several of it.')
    this.last = { revision, part }
    const bytes = encoder.encode(key)
    this.sql(`
      INSERT INTO changes VALUES (${firstOf('?1')} + ?2, ?3, ?4, ?5, ?6, ?7, (SELECT at FROM entries WHERE key = ?3))`).run(
      revision,
      part,
      bytes,
      value,
      created,
      version,
      lease,
    )
    if (entry === undefined) this.sql('DELETE FROM entries WHERE key = ?').run(bytes)
    else
      this.sql(`INSERT OR REPLACE INTO entries VALUES (?3, ${firstOf('?1')} + ?2, ?4)`).run(
        revision,
        part,
        bytes,
        lease,
      )
  }

  /** The revision is that of the last change. */
  commit(): void {}

  *batchesSince(revision: number): Generator<WatchBatch> {
    const rows = this.sql(`
      SELECT changes.key, ${columns}, ${columnsOf('earlier', 'before_')}
      FROM changes LEFT JOIN changes AS earlier ON earlier.at = changes.before WHERE changes.at >= ${firstOf('?')} ORDER BY changes.at`).iterate(
      revision,
    ) as unknown as Iterable<ChangeRow>
    let batch: { revision: number; events: WatchEvent[] } | undefined
    for (const row of rows) {
      if (batch?.revision !== row.revision) {
        if (batch) yield batch
        batch = { revision: row.revision, events: [] }
      }
      const event = this.eventOf(row)
      if (event) batch.events.push(event)
    }
    if (batch) yield batch
  }

  compact(revision: number): void {
    this.setMeta('compacted', revision)
    this.sql(`
      DELETE FROM changes WHERE at < ${firstAfter('?1')} AND (
        at IN (SELECT before FROM changes WHERE before IS NOT NULL AND at < ${firstAfter('?1')})
        OR (value IS NULL AND at < ${firstOf('?1')})
      )`).run(revision)
  }

  addLease(ttlMs: number, untilMs: number, id?: string): string {
    const given = id === undefined ? null : Number(id)
    const { lastInsertRowid } = this.sql('INSERT INTO leases VALUES (?, ?, ?)').run(given, ttlMs, untilMs)
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
    const rows = this.sql('SELECT key FROM entries WHERE lease = ? ORDER BY key').all(lease)
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

  /** A statement of no tables: of transactions. */
  run(text: string): void {
    this.sql(text).run()
  }

  /** Undefined: a deletion of what was compacted away. */
  private eventOf(row: ChangeRow): WatchEvent | undefined {
    const { revision } = row
    const key = decoder.decode(row.key)
    const entry = entryOf(key, row)
    const previous = entryOf(key, {
      revision: row.before_revision,
      value: row.before_value,
      created: row.before_created,
      version: row.before_version,
      lease: row.before_lease,
    })
    if (entry) return { type: 'put', entry, previous }
    return previous || revision > this.compacted ? { type: 'delete', key, revision, previous } : undefined
  }

  /** A statement, prepared once. */
  private sql(text: string): StatementSync {
    let statement = this.statements.get(text)
    if (statement === undefined) this.statements.set(text, (statement = this.database.prepare(text)))
    return statement
  }
}

const entryOf = (key: string, { revision, value, created, version, lease }: Row): Entry | undefined =>
  value === null ? undefined : { key, value, created, modified: revision, version, lease: lease ?? undefined }

const leaseOf = (row: Record<string, unknown> | undefined): LeaseRow | undefined =>
  row && { id: String(row.id), ttlMs: row.ttl_ms as number, untilMs: row.until_ms as number }

/** The condition that a column is in the range, and the parameters of it, which are the second and the third. */
const boundsOf = (range: Range): { within: (column: string) => string; ends: Uint8Array[] } => {
  const { from, to } = endsOf(range)
  const ends = [encoder.encode(from)]
  if (to !== undefined) ends.push(encoder.encode(to))
  else if ('prefix' in range && from.length > 0) {
    // No byte of UTF-8 is 255: the last one can be raised.
    const after = ends[0].slice()
    after[after.length - 1]++
    ends.push(after)
  }
  return { within: column => `${column} >= ?2${ends.length > 1 ? ` AND ${column} < ?3` : ''}`, ends }
}
