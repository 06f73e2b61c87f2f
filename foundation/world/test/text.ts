export const bytes = (words: string): Uint8Array => new TextEncoder().encode(words)
export const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
