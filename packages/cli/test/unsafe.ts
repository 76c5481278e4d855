/**
 * Judges what was printed by a table of its own, not by the code under test. From the Unicode Character Database: general
 * category Cc, Cf, Zl and Zp, Default_Ignorable_Code_Point, the Braille blank, halves of a character.
 */
const ranges: ReadonlyArray<readonly [first: number, last: number]> = [
  [0x00, 0x08],
  [0x0b, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x34f, 0x34f],
  [0x600, 0x605],
  [0x61c, 0x61c],
  [0x6dd, 0x6dd],
  [0x70f, 0x70f],
  [0x890, 0x891],
  [0x8e2, 0x8e2],
  [0x115f, 0x1160],
  [0x17b4, 0x17b5],
  [0x180b, 0x180f],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0x2800, 0x2800],
  [0x3164, 0x3164],
  [0xd800, 0xdfff],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0xfff0, 0xfffb],
  [0x110bd, 0x110bd],
  [0x110cd, 0x110cd],
  [0x13430, 0x1343f],
  [0x1bca0, 0x1bca3],
  [0x1d173, 0x1d17a],
  [0xe0000, 0xe0fff]
]

/** The characters in what was printed that a person is not shown, and that are not our own colours and progress line. */
export const unsafeIn = (printed: string): ReadonlyArray<string> => {
  const characters = [...withoutOwn(printed)]
  return characters.filter((_, at) => isUnsafe(characters, at))
}

/** Where the first of them is, or -1. */
export const unsafeAt = (printed: string): number => {
  const characters = [...printed]
  const at = characters.findIndex((_, at) => isUnsafe(characters, at))
  return at === -1 ? -1 : characters.slice(0, at).join("").length
}

/** What was printed on a terminal, without our own colours and progress line. */
export const withoutOwn = (printed: string): string =>
  // oxlint-disable-next-line no-control-regex
  printed.replaceAll(/\u001b\[(?:1|2|22|3[1236]|39)m|\r\u001b\[2K/g, "")

const isUnsafe = (characters: ReadonlyArray<string>, at: number): boolean => {
  const character = characters[at] ?? ""
  return isUnseen(character) && !mayJoin(character, characters, at)
}

const isUnseen = (character: string): boolean => {
  const code = character.codePointAt(0) ?? 0
  return code > 0x7e || code < 0x20 ? ranges.some(([first, last]) => code >= first && code <= last) : false
}

/** What emoji and scripts are written with; never behind a Latin letter, another one that is not seen, or at the end. */
const mayJoin = (character: string, characters: ReadonlyArray<string>, at: number): boolean => {
  const before = characters[at - 1] ?? ""
  const after = characters[at + 1] ?? ""
  if (character === "\ufe0e" || character === "\ufe0f") {
    return /^\p{Extended_Pictographic}$/u.test(before) || (/^[\d#*]$/.test(before) && after === "\u20e3")
  }
  if (character !== "\u200c" && character !== "\u200d") return false
  const isEmoji = /^[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f]$/u.test(before) &&
    /^\p{Extended_Pictographic}$/u.test(after)
  return isEmoji || (before > "\u05ff" && /^[\p{L}\p{M}]$/u.test(before) && /^[\p{L}\p{M}]$/u.test(after))
}
