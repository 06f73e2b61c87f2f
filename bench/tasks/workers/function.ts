/** For piscina and tinypool: the function is the module's default. */
import { run } from '../work.ts'

export default run
