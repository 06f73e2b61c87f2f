import { parentPort } from 'node:worker_threads'
import { requirePeer } from '../../harness/toolchain.ts'
import { run } from '../work.ts'

const adapter = requirePeer('comlink/dist/umd/node-adapter.js')
requirePeer('comlink').expose({ run }, (adapter.default ?? adapter)(parentPort))
