/** For messages by hand: one task a message, or an array of them. */
import { parentPort } from 'node:worker_threads'
import { type Job, run } from '../work.ts'

interface Asked {
  id: number
  job: Job
}

const answer = ({ id, job }: Asked) => ({ id, value: run(job) })

parentPort!.on('message', (asked: Asked | Asked[]) =>
  parentPort!.postMessage(Array.isArray(asked) ? asked.map(answer) : answer(asked)),
)
