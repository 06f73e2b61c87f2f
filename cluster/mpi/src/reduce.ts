export { checkDefined, isDefined } from './reduce/defined.ts'
export { loopOf } from './reduce/loops.ts'
export { reduce3, reduceAll, reduceInto } from './reduce/reduce.ts'
export { reduceValues } from './reduce/values.ts'
