/** Names that are near a mistyped one. */

/**
 * Up to three of `names`, nearest first: a third of the letters may differ, or one contains the other. Names longer than
 * 128 characters are none that somebody mistypes.
 */
export const closest = (name: string, names: Iterable<string>): ReadonlyArray<string> => {
  const wanted = plain(name)
  const near: Array<{ readonly name: string; readonly distance: number }> = []
  let work = 0
  for (const candidate of names) {
    const text = plain(candidate)
    const longer = Math.max(wanted.length, text.length)
    const contains = wanted.length > 2 && text.length > 2 && (text.includes(wanted) || wanted.includes(text))
    const most = Math.ceil(longer / 3)
    if (text === "" || wanted === "" || !contains && Math.abs(wanted.length - text.length) > most) continue
    work += wanted.length * text.length
    if (work > mostWork) break
    const apart = distance(wanted, text)
    if ((apart <= most && apart < longer) || contains) near.push({ name: candidate, distance: apart })
  }
  return near.sort((a, b) => a.distance - b.distance).slice(0, 3).map((entry) => entry.name)
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** In characters. */
const longest = 128

/** In pairs of letters that are compared. A server may list any number of names. */
const mostWork = 10_000_000

/** Nothing of what is too long. */
const plain = (name: string): string => name.length > longest ? "" : name.toLowerCase().replaceAll(/[^a-z0-9]/g, "")

const distance = (a: string, b: string): number => {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min(change, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1))
    }
    previous = row
  }
  return previous[b.length] ?? a.length
}
