/** A rank that does nothing, until the launcher writes to it. */

import { parentPort } from 'node:worker_threads'

parentPort!.once('message', () => {})
