/** Tests call kernels on few positions, which drafts would serve: they are about whole code. `on-drafts.test.ts` runs some of them on drafts. */

import { most } from '../src/x64/drafts.ts'

if (process.env.SKEIN_TEST_DRAFTS === undefined) most.operations = 0
else most.operations = Number.POSITIVE_INFINITY
