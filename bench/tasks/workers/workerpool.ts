import { requirePeer } from '../../harness/toolchain.ts'
import { run } from '../work.ts'

requirePeer('workerpool').worker({ run })
