/** What `skein mpirun` itself says while programs run: on standard error. */
import { styleFor } from '../style.ts'

export const say = (text: string): void => {
  console.error(`${styleFor(process.stderr)('red', 'skein mpirun')}: ${text}`)
}

export const sayLate = (seconds: number): void => say(`the ranks were ended after ${seconds} s, as --timeout says`)
