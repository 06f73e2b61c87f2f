export { DefinitionError } from '../errors.ts'
export { registered } from '../registry.ts'
export { type Callee, type Captured, calleeOf } from './callee.ts'
export { functionOf } from './function-of.ts'
