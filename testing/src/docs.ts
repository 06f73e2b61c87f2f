// Examples in Markdown, so that they can be held to what they say. A block fenced as
//
//     ```ts run      is type-checked and run: it stands alone, and ends with exit code 0
//     ```ts check    is type-checked only: it needs a cluster, a device, or a day
//
// and any other block is a fragment for the reader's eye.

export interface Example {
  /** Where the block's first line of code is: `README.md:12`. */
  place: string
  kind: 'run' | 'check'
  /** The code, with as many blank lines before it as there are in the document: lines of errors are the document's. */
  text: string
}

/** The marked blocks of a document. @throws Error naming a fence with an unknown mark, or one left open. */
export function readExamples(path: string, markdown: string): Example[] {
  const examples: Example[] = []
  const lines = markdown.split('\n')
  for (let at = 0; at < lines.length; at++) {
    const fence = /^(\s*)(```+|~~~+)(\S*) *(.*)$/.exec(lines[at])
    if (!fence) continue
    const [, indent, ticks, language, mark] = fence
    const begin = at + 1
    while (++at < lines.length && lines[at].trim() !== ticks);
    if (at === lines.length) throw new Error(`${path}:${begin}: the fence opened here is never closed`)
    if (language !== 'ts' || mark === '') continue
    if (mark !== 'run' && mark !== 'check')
      throw new Error(`${path}:${begin}: a ts block is marked 'run' or 'check' or not at all, not '${mark}'`)
    const code = lines.slice(begin, at).map(line => (line.startsWith(indent) ? line.slice(indent.length) : line))
    examples.push({ place: `${path}:${begin + 1}`, kind: mark, text: '\n'.repeat(begin) + code.join('\n') })
  }
  return examples
}

/** A relative link of a document: the target without its anchor. */
export interface Link {
  place: string
  target: string
}

/** The relative links of a document, those in code left out. */
export function readLinks(path: string, markdown: string): Link[] {
  const links: Link[] = []
  let fenced = false
  for (const [index, line] of markdown.split('\n').entries()) {
    if (/^\s*(```|~~~)/.test(line)) fenced = !fenced
    if (fenced) continue
    for (const [, target] of line.replace(/`[^`]*`/g, '').matchAll(/\]\(([^)\s#]+)(?:#[^)\s]*)?\)/g))
      if (!/^[a-z]+:/.test(target)) links.push({ place: `${path}:${index + 1}`, target })
  }
  return links
}
