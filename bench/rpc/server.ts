/** `server.ts <library> [how]`: the side that is asked. Tells its parent where it listens, and ends with it. */
import { type LibraryName, libraries } from './libraries.ts'

const [name] = process.argv.slice(2)
const { listen } = await libraries[name as LibraryName]()
process.on('disconnect', () => process.exit(0))
process.send!(await listen())
