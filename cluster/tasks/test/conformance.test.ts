/** What every engine must do. The threads engine is the one there is; another is given to `conform` the same way. */
import { conform } from './conformance.ts'

conform('threads')
