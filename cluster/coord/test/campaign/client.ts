// A process with a client of a store, that may be killed or stopped at any moment: `client.ts <url> <log>`. It writes to its log what it asks and what it is told, a line of JSON each, before it does anything else. Times are
// those of the clock that all processes of the machine have in common.
import { appendFileSync } from 'node:fs'
import { realChance, realClock, sleep } from '@skein/world'
import type { Held } from '../../src/index.ts'
import { open } from '../../src/index.ts'
import { bare } from './judge.ts'
import { expected, type Recorder, Visit } from './visit.ts'

const [url, log] = process.argv.slice(2)
const now = (): number => Number(process.hrtime.bigint()) / 1e6
const write = (line: object): void => appendFileSync(log, `${JSON.stringify(line)}\n`)

let calls = 0
let watches = 0
const holding = new Set<{ held: Held; note(): void }>()
// Each moment at which a holder finds that it still is one counts.
setInterval(() => {
  for (const holder of holding) holder.note()
}, 2)

const recorder: Recorder = {
  call(input) {
    const id = calls++
    write({ call: id, input, at: now() })
    return {
      ok: output => write({ ok: id, output, at: now() }),
      none: () => write({ none: id }),
    }
  },
  holds(what, held, isReader) {
    const id = `${what} ${held.token}`
    const fromMs = now()
    const holder = {
      held,
      note() {
        const at = now()
        // The time was taken before it looked: it surely held then.
        if (held.signal.aborted) holding.delete(holder)
        else write({ held: id, what, isReader, token: held.token, from: fromMs, to: at })
      },
    }
    holder.note()
    holding.add(holder)
    return () => {
      holder.note()
      holding.delete(holder)
    }
  },
  watches(from) {
    const id = watches++
    write({ watch: id, from })
    return batch => write({ told: id, batch: bare(batch) })
  },
}

for (;;) {
  try {
    await using store = await open(url)
    write({ opened: true })
    await new Visit(store, recorder, { clock: realClock, chance: realChance() }, { pace: 3 }).run()
  } catch (error) {
    const { name, message } = error as Error
    write(
      expected.has(name)
        ? { ended: `${name}: ${message}` }
        : { wrong: `${name}: ${message}\n${(error as Error).stack}` },
    )
  }
  await sleep(realClock, 20 + 100 * Math.random())
}
