/** What is found out about stores without one: verdicts about histories, and events of simulated worlds. */
import { type Simulation, simulate } from '@skein/world'
import type { Operation } from '../../testing/src/consistency/history.ts'
import { checkLinearizable } from '../../testing/src/consistency/linearizable.ts'
import { type RegisterInput, type RegisterOutput, register } from '../../testing/src/consistency/models.ts'
import { checkPublished, published } from '../../testing/src/consistency/published.ts'
import { serve, type Work } from '../harness/serve.ts'

/** All verdicts must be the published ones. */
const histories = (): void => {
  for (const entry of published()) {
    if (entry.linearizable === undefined) continue
    if (checkPublished(entry).linearizable !== entry.linearizable) throw new Error(`${entry.file}: another verdict`)
  }
}

/** Ten clients write and read a register, seven calls at a time. */
const history = (length: number): Operation<RegisterInput, RegisterOutput>[] => {
  let state = 0
  return Array.from({ length }, (_, i) => {
    const isWrite = i % 3 === 0
    if (isWrite) state = i
    const input: RegisterInput = isWrite ? { op: 'write', value: i } : { op: 'read' }
    return { process: i % 10, input, output: isWrite ? true : state, begin: 10 * i - 35, end: 10 * i + 35 }
  })
}

/** Clients ask servers over a network that loses and delays, and ask again until they are answered. */
const asking = (questions: number) => (simulation: Simulation) => {
  simulation.rough()
  const size = 4
  for (let i = 0; i < size; i++) {
    simulation.node(`server${i}`, ({ network }) => {
      const box = network.mailbox(`server${i}:1`, { received: (message, from) => box.send(from, message) })
    })
    simulation.node(`client${i}`, ({ network, clock }) => {
      let asked = 0
      const ask = (): void => {
        const message = new Uint8Array(new Uint32Array([asked]).buffer)
        const send = (): void => {
          box.send(`server${asked % size}:1`, message)
          timer = clock.after(20, send)
        }
        let timer = clock.after(0, send)
        answered = number => {
          if (number !== asked) return
          timer.cancel()
          asked++
          if (asked < questions) ask()
        }
      }
      let answered: (number: number) => void = () => {}
      const box = network.mailbox(`client${i}:1`, {
        received: message => answered(new Uint32Array(message.slice().buffer)[0]),
      })
      ask()
    })
  }
}

const simulation = (events: number): Work => {
  let happened = 0
  const run = (): void => {
    // A question is some three events: the timer, there, and back.
    const outcome = simulate(1, asking(Math.ceil(events / 12)), { forMs: 1e9 })
    if (outcome.failure) throw outcome.failure.error
    happened = outcome.events
  }
  const time = (): number => {
    const from = performance.now()
    run()
    return ((performance.now() - from) / 1e3) * (events / happened)
  }
  return { run, time, checksum: () => happened }
}

const prepare = (id: string, n: number): Work | { skip: string } => {
  const checksum = () => null
  if (id === 'verdicts') return { run: histories, checksum }
  if (id === 'verdict-1000') {
    const operations = history(n)
    const run = (): void => {
      if (checkLinearizable(register(0), operations).linearizable !== true) throw new Error('it is linearizable')
    }
    return { run, checksum }
  }
  if (id === 'simulation') return simulation(n)
  return { skip: 'it is about stores' }
}

await serve('skein', prepare)
