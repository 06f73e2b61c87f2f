import { requirePeer } from '../../harness/toolchain.ts'
import { type Job, run } from '../work.ts'

const { ThreadWorker } = requirePeer('poolifier')

export default new ThreadWorker((job: Job) => run(job))
