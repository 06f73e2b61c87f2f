/** A call of the team, or of one thread: what it runs, and what is written for it. */

import type { Body } from '@skein/team'
import type { Workspace } from './workspace.ts'

export interface Step {
  readonly body: Body
  readonly threads: number
  /** Units that a thread takes at a time. Default: 1 */
  readonly chunk?: number
  /** Of the workspace that it writes into. */
  readonly bytes: number
  write(workspace: Workspace): { readonly address: number; readonly units: number }
  /** Keeps its code while a call is under way during which others run; returns what lets it go. */
  hold?(): () => void
  /** Nothing that it writes depends on the arrays but what it tells the workspace of (`Workspace.address`), so that it can be run again in others. `turned`: what it calls A is B. */
  readonly again?: 'as asked' | 'turned'
}
