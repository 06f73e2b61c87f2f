import { needs } from '@skein/testing'
import { conformance } from './conformance.ts'
import { runRanks } from './native-launch.ts'

const lacking = new Map([
  ['partitioned', 'Open MPI has partitioned messages from version 5 on'],
  ['file-atomic', 'Open MPI has no atomic mode of files'],
])

conformance({
  name: 'Open MPI',
  skip: needs('openmpi'),
  isSlow: true,
  lacks: program => lacking.get(program),
  run: (file, ranks) => runRanks('openmpi', ranks, file),
})
