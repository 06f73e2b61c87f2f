/** Where kernels are machine code unless told otherwise, what is tested of kernels in general is tested on wasm as well. */
import { test } from 'node:test'
import { defaultBackend } from '../src/index.ts'

if (defaultBackend() === 'wasm') test('all tests', { skip: 'wasm is what kernels run on here' }, () => {})
else {
  process.env.SKEIN_BACKEND = 'wasm'
  await import('./async.test.ts')
  await import('./bad-input.test.ts')
  await import('./bad-input-calls.test.ts')
  await import('./strip-ranges.test.ts')
  await import('./toolchains.test.ts')
}
