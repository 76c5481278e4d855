/** The characters of a text that a person is not shown, found in one pass: no text takes much longer than another. */

/** The text with an escape for each of them. */
export const escape = (text: string, escapeOf: (code: number) => string): string => {
  const escapes = new Map<number, string>()
  const parts: Array<string> = []
  let pieces: Array<string> = []
  let from = 0
  each(text, (code, at) => {
    if (at > from) pieces.push(text.slice(from, at))
    let written = escapes.get(code)
    if (written === undefined) escapes.set(code, written = escapeOf(code))
    pieces.push(written)
    from = at + lengthOf(code)
    // Joined in small groups: one join of millions of pieces is slow.
    if (pieces.length < 1000) return
    parts.push(pieces.join(""))
    pieces = []
  })
  return from === 0 ? text : parts.join("") + pieces.join("") + text.slice(from)
}

/** Their code points, each once and in the order of the text. */
export const codes = (text: string): ReadonlySet<number> => {
  const found = new Set<number>()
  each(text, (code, at) => {
    if (code !== carriageReturn || text.charCodeAt(at + 1) !== lineFeed) found.add(code)
  })
  return found
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const each = (text: string, found: (code: number, at: number) => void): void => {
  for (let at = 0; at < text.length; at++) {
    const code = text.codePointAt(at) ?? 0
    const kind = kindOf(code)
    if (kind === unseen || (isSelector(kind) && !isNeeded(text, at, kind))) found(code, at)
    if (code > 0xffff) at++
  }
}

const lengthOf = (code: number): number => code > 0xffff ? 2 : 1

/**
 * Whether emoji and scripts are written with this one here: the joiner and the form of an emoji, the joiners between
 * letters of one script.
 */
const isNeeded = (text: string, at: number, kind: number): boolean => {
  const before = codeBefore(text, at)
  const kindBefore = kindOf(before)
  if (kind === textForm) return kindBefore === pictograph
  const after = text.codePointAt(at + 1) ?? 0
  if (kind === emojiForm) return kindBefore === pictograph || (isKeycap(before) && after === enclosingKeycap)
  const kindAfter = kindOf(after)
  if (kindBefore >= firstScript) return kindBefore === kindAfter
  return kind === joiner && kindAfter === pictograph &&
    (kindBefore === pictograph || kindBefore === modifier ||
      (kindBefore === emojiForm && kindOf(codeBefore(text, at - 1)) === pictograph))
}

/** The code point that ends there; 0 at the beginning. */
const codeBefore = (text: string, at: number): number => {
  const code = at < 2 ? 0 : text.codePointAt(at - 2) ?? 0
  return code > 0xffff ? code : at < 1 ? 0 : text.charCodeAt(at - 1)
}

const carriageReturn = 0x0d
const lineFeed = 0x0a
const enclosingKeycap = 0x20e3

const isKeycap = (code: number): boolean => (code >= 0x30 && code <= 0x39) || code === 0x23 || code === 0x2a

const unknown = 0
const plain = 1
const unseen = 2
const joiner = 3 // The one that keeps letters apart is 4.
const textForm = 5
const emojiForm = 6
const pictograph = 7
const modifier = 8
const firstScript = 9

const isSelector = (kind: number): boolean => kind >= joiner && kind <= emojiForm

/** By code point, filled as characters come: a regular expression for each character of a long text is slow. */
const kinds = new Uint8Array(0x110000)

const kindOf = (code: number): number => {
  const kind = kinds[code]
  return kind === undefined || kind === unknown ? kinds[code] = read(code) : kind
}

const read = (code: number): number => {
  const selector = selectors.indexOf(code)
  if (selector !== -1) return joiner + selector
  const character = String.fromCodePoint(code)
  if (notSeen.test(character)) return unseen
  if (/\p{Extended_Pictographic}/u.test(character)) return pictograph
  if (/\p{Emoji_Modifier}/u.test(character)) return modifier
  if (!/[\p{L}\p{M}]/u.test(character)) return plain
  const script = scripts.findIndex((one) => one.test(character))
  return script === -1 ? plain : firstScript + script
}

/** In the order of their kinds. */
const selectors = [0x200d, 0x200c, 0xfe0e, 0xfe0f]

// Controls but tab and line feed; what reorders text or is not drawn; blanks that are no spaces; halves of a character.
const notSeen = /[\0-\x08\v-\x1F\x7F-\x9F\p{Cf}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\u2800\p{Cs}]/u

/** Those whose letters are joined, or kept apart, by joiners. */
const scripts = [
  /\p{Script=Arabic}/u,
  /\p{Script=Syriac}/u,
  /\p{Script=Devanagari}/u,
  /\p{Script=Bengali}/u,
  /\p{Script=Gurmukhi}/u,
  /\p{Script=Gujarati}/u,
  /\p{Script=Oriya}/u,
  /\p{Script=Tamil}/u,
  /\p{Script=Telugu}/u,
  /\p{Script=Kannada}/u,
  /\p{Script=Malayalam}/u,
  /\p{Script=Sinhala}/u
]
