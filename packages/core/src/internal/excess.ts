/** What is too much to read of one JSON text. Found by a scan, before anything is made of the text. */

/** In levels. Whatever reads or writes a message may therefore use recursion. */
export const maxDepth = 1000

/** To read more takes longer than everything else may stand still, and hundreds of megabytes. */
export const maxValues = 1_000_000

/** Why the text is not read, as the end of a sentence; nothing where it can be. */
export const of = (text: string): string | undefined => {
  // Each level has two brackets, and each value a character before it.
  if (text.length <= 2 * maxDepth || text.length <= 2 * maxValues && hasFewBrackets(text)) return undefined
  return scan(text, maxValues)
}

/** Whether there are more values than `most`, or too many levels. */
export const hasMoreValues = (text: string, most: number): boolean =>
  text.length > most && scan(text, most) !== undefined

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const quote = 34
const comma = 44
const backslash = 92
/** With the bit that `[` and `{` differ in. */
const opening = 123
const closing = 125

/** What is in strings counts too: this is only to save the scan of most texts. */
const hasFewBrackets = (text: string): boolean => {
  let count = 0
  for (const bracket of ["{", "["]) {
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1)) {
      if (++count > maxDepth) return false
    }
  }
  return true
}

/** What is in strings does not count, and takes next to no time. */
const scan = (text: string, most: number): string | undefined => {
  let depth = 0
  let values = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote) at = endOfString(text, at)
    else if (code === comma) values++
    else if ((code | 32) === opening) {
      values++
      if (++depth > maxDepth) return `is nested more than ${maxDepth} levels deep`
    } else if ((code | 32) === closing) depth--
    if (values > most) return `has more than ${most} values`
  }
  return undefined
}

const endOfString = (text: string, start: number): number => {
  let at = text.indexOf("\"", start + 1)
  while (at !== -1) {
    let escapes = 0
    while (text.charCodeAt(at - 1 - escapes) === backslash) escapes++
    if (escapes % 2 === 0) return at
    // Many escaped characters at once: to search for each quote would take longer.
    let next = at + 1
    while (text.charCodeAt(next) === backslash) next += 2
    at = text.indexOf("\"", next)
  }
  return text.length
}
