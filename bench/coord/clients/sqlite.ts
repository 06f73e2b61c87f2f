/** SQLite itself, one statement a transaction: what the disk allows. */
import { DatabaseSync } from 'node:sqlite'
import { type Client, value } from '../client.ts'

export const connect = (path: string, index: number): Client => {
  const database = new DatabaseSync(path, { timeout: 60_000 })
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  database.exec('CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value, version) WITHOUT ROWID')
  const put = database.prepare('INSERT OR REPLACE INTO entries VALUES (?, ?, 1)')
  const set = database.prepare('UPDATE entries SET value = ?, version = version + 1 WHERE key = ? AND version = ?')
  const remove = database.prepare('DELETE FROM entries WHERE key = ?')
  const number = `number/${index}`
  put.run(number, '0')
  let version = 1
  return {
    put: i => put.run(`${index}/${i % 1000}`, value),
    compareAndSet() {
      if (set.run(String(version), number, version++).changes !== 1) throw new Error('somebody else has set it')
    },
    // As many transactions as a lock is, and no more of a lock than that.
    lock() {
      put.run(`lock/${index}`, '')
      remove.run(`lock/${index}`)
    },
    close: () => database.close(),
  }
}
