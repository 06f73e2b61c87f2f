/** Draws a program from a seed, or from the choices of an earlier one. */

import { type Comm, Draft, isInter, type Program } from './draft.ts'
import {
  drawAllgather,
  drawAlltoall,
  drawBarrier,
  drawBcast,
  drawNeighbors,
  drawReduction,
  drawRooted,
} from './draw-collectives.ts'
import { drawCommunicator, drawFree } from './draw-communicators.ts'
import { complete, drawCompletions, drawExchange, drawFlood, drawPartitioned, drawShift } from './draw-messages.ts'

const collectives = [drawBcast, drawRooted, drawReduction, drawAllgather, drawAlltoall, drawReduction, drawBarrier]
const messages = [drawExchange, drawExchange, drawExchange, drawShift, drawPartitioned]

export function drawProgram(from: number | readonly number[], size: number): Program {
  const d = new Draft(from, size)
  const { c } = d
  for (let steps = c.below(14); steps > 0; steps--) {
    const comm: Comm = c.pick(d.comms)
    switch (c.below(8)) {
      case 0:
      case 1:
      case 2:
        c.pick(messages)(d, comm)
        break
      case 3:
      case 4:
      case 5:
        if (comm.edges !== undefined && c.below(2) === 0) drawNeighbors(d, comm)
        else c.pick(collectives)(d, comm)
        break
      case 6:
        if (!isInter(comm)) drawFlood(d, comm)
        else drawExchange(d, comm)
        break
      default:
        drawCommunicator(d)
    }
    drawCompletions(d)
  }
  d.open.forEach((open, rank) => complete(d, rank, open))
  // Some stay: the engine gives them back, or the end does.
  for (const comm of d.comms.slice(1)) if (c.below(4) > 0) drawFree(d, comm)
  return d.program()
}
