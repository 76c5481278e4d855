/** Names that are near a mistyped one. */

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

const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, "")

/** Up to three of `names`, nearest first: a third of the letters may differ, or one contains the other. */
export const closest = (name: string, names: Iterable<string>): ReadonlyArray<string> => {
  const wanted = plain(name)
  const near: Array<{ readonly name: string; readonly distance: number }> = []
  for (const candidate of names) {
    const text = plain(candidate)
    const apart = distance(wanted, text)
    const contains = wanted.length > 2 && text.length > 2 && (text.includes(wanted) || wanted.includes(text))
    const longer = Math.max(wanted.length, text.length)
    if ((apart <= Math.ceil(longer / 3) && apart < longer) || contains) {
      near.push({ name: candidate, distance: apart })
    }
  }
  return near.sort((a, b) => a.distance - b.distance).slice(0, 3).map((entry) => entry.name)
}
