/** A client that ends without shutting its pool down: its workers are told, and end as well. */
import { pool } from '@skein/mpi'

const p = await pool()
if (p !== undefined) console.log(await p.submit((x: number) => x + 1, 1))
else console.log('served')
