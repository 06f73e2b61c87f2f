import { needs } from '@skein/testing'
import { conformance } from './conformance.ts'
import { runRanks } from './native-launch.ts'

conformance({
  name: 'Open MPI',
  skip: needs('openmpi'),
  isSlow: true,
  lacks: program => (program === 'partitioned' ? 'Open MPI has partitioned messages from version 5 on' : undefined),
  run: (file, ranks) => runRanks('openmpi', ranks, file),
})
