/** Hints: an engine may heed or ignore them; what is around them works alike. */

import { world } from '@skein/mpi'
import { assert, fails, ok, size } from './check.ts'

const copy = world.dup({ info: { mpi_assert_no_any_tag: true, unheard_of: 'ä', number: 3 } })
assert.equal(copy.info.get('mpi_assert_no_any_tag'), 'true')
assert.equal(copy.allreduce(1), size)
copy.free()
for (let i = 0; i < 50; i++) world.dup({ info: { turn: i } }).free()
fails('MPI_ERR_INFO', 'dup', () => world.dup({ info: 7 as any }))
fails('MPI_ERR_INFO_KEY', 'dup', () => world.dup({ info: { ['k'.repeat(300)]: 1 } }))
fails('MPI_ERR_INFO_VALUE', 'dup', () => world.dup({ info: { key: 'v'.repeat(2000) } }))

ok('info')
