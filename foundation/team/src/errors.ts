/** What can become of a call whose work runs on other threads. */

import { registerError, SkeinError } from '@skein/base'

/** A body threw or trapped. `cause` is the error where it was thrown on the calling thread. */
export class BodyError extends SkeinError {
  static {
    registerError(BodyError, 'BodyError')
  }
  declare readonly body: string
  /** 0 to threads - 1; where the run took place on the calling thread alone, 0. */
  declare readonly thread: number
  /** The part of the range the body was called with. */
  declare readonly begin: number
  declare readonly end: number
  /** What was thrown: its name and message. */
  declare readonly thrown: string

  constructor(body: string, thread: number, begin: number, end: number, thrown: string, options?: ErrorOptions) {
    super(
      'SKEIN_BODY',
      `The body ${body} failed on thread ${thread} in the range ${begin} to ${end}: ${thrown}`,
      { body, thread, begin, end, thrown },
      options,
    )
  }
}

/** A thread ended in the middle of a call, which may have written part of its results. */
export class ThreadLostError extends SkeinError {
  static {
    registerError(ThreadLostError, 'ThreadLostError')
  }
  declare readonly body: string
  declare readonly thread: number
  declare readonly reason: string

  constructor(body: string, thread: number, reason: string) {
    super(
      'SKEIN_THREAD_LOST',
      `Thread ${thread} of the team ended while it ran the body ${body}: ${reason}. ` +
        'Its part of the range may be half done; a new thread takes its place, so the call can be made again.',
      { body, thread, reason },
    )
  }
}

/** A JavaScript body was run on the calling thread before its module had been imported there. */
export class BodyNotReadyError extends SkeinError {
  static {
    registerError(BodyNotReadyError, 'BodyNotReadyError')
  }
  declare readonly body: string

  constructor(body: string) {
    super(
      'SKEIN_BODY_NOT_READY',
      `The body ${body} is a module that this thread has not imported yet, and importing cannot be waited for in a ` +
        'synchronous call. Await body.ready() first, or use team.runAsync.',
      { body },
    )
  }
}

/** The team has been closed. */
export class TeamClosedError extends SkeinError {
  static {
    registerError(TeamClosedError, 'TeamClosedError')
  }

  constructor() {
    super('SKEIN_TEAM_CLOSED', 'The team has been closed and takes no more calls. Make a new one with createTeam().')
  }
}
