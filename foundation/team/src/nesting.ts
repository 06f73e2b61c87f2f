/**
 * Whether this JavaScript thread is inside a body: a call made there runs inline, since the threads are already at work
 * on the call around it, and waiting for them from inside could wait for itself.
 */

export const nesting = {
  depth: 0,
  /** True on the threads of a team, where everything runs inline. */
  isTeamThread: false,
}
