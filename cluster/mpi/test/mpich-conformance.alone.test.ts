import { needs } from '@skein/testing'
import { conformance } from './conformance.ts'
import { runRanks } from './native-launch.ts'

conformance({ name: 'MPICH', skip: needs('mpich'), isSlow: true, run: (file, ranks) => runRanks('mpich', ranks, file) })
