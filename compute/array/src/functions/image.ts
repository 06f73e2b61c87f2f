/** `nd.image`: images as arrays of rows, columns and channels. The words are those of `scipy.ndimage`, then ArrayFire's. */

export type { BorderMode, BorderOptions } from './image/borders.ts'
export * from './image/colours.ts'
export * from './image/edges.ts'
export * from './image/filters.ts'
export { type LabelOptions, type Labels, label } from './image/labels.ts'
export * from './image/morphology.ts'
export * from './image/ranks.ts'
export { diamond, disk, type WindowSize } from './image/windows.ts'
