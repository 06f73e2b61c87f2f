export { needs } from './components.ts'
