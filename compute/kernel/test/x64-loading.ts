/** Threads that load koffi, and have threads that do, are terminated at any moment of it. Prints `survived` if the process does. */

import { once } from 'node:events'
import { getEnvironmentData, parentPort, Worker, workerData } from 'node:worker_threads'
import { createTeam } from '@skein/team'
import { terminateThread } from '@skein/team/loading'
import { processGates } from '../src/x64/run/gates.ts'
import { testCode } from './x64-code.ts'

const url = new URL(import.meta.url)
const start = async (kind: string) => {
  const go = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(url, { workerData: { kind, go } })
  await once(worker, 'message')
  Atomics.store(go, 0, 1)
  return { worker, go }
}

/** Until a thread loads, and then for so long: loading takes some milliseconds, and each time it is another moment of them. */
const wait = (ms: number, go: Int32Array): void => {
  const loaders = new Int32Array(getEnvironmentData('skein.loading') as unknown as SharedArrayBuffer, 0, 1)
  while (Atomics.load(loaders, 0) === 0 && Atomics.load(go, 0) < 2);
  const until = performance.now() + ms
  while (performance.now() < until);
}

if (workerData === null) {
  for (let k = 0; k < 8; k++) {
    const { worker, go } = await start('loads')
    wait(k / 2, go)
    await terminateThread(worker)
  }
  for (let k = 0; k < 4; k++) {
    const { worker, go } = await start('has a team')
    wait(k, go)
    await terminateThread(worker)
  }
  console.log('survived')
} else {
  const { kind, go } = workerData as { kind: string; go: Int32Array }
  const team = createTeam({ threads: 3 })
  const body =
    kind === 'loads' ? undefined : team.native({ functions: testCode().addresses, gates: processGates().address })
  parentPort!.postMessage('up')
  while (Atomics.load(go, 0) === 0);
  if (body === undefined) processGates()
  else team.run(body, 'empty', { begin: 0, end: 100 })
  Atomics.store(go, 0, 2)
  for (;;);
}
