/** Tells when a JSON document that comes in pieces is complete. It looks at each character once. */
export class JsonEnd {
  #depth = 0
  #isText = false
  #isEscaped = false

  /** Whether an object or a list, with all that it holds, ends in this piece. */
  push(piece: string): boolean {
    for (let at = 0; at < piece.length; at++) {
      const code = piece.charCodeAt(at)
      if (this.#isEscaped) this.#isEscaped = false
      else if (this.#isText) {
        if (code === backslash) this.#isEscaped = true
        else if (code === quote) this.#isText = false
      } else if (code === quote) this.#isText = true
      else if (code === openBrace || code === openBracket) this.#depth++
      else if ((code === closeBrace || code === closeBracket) && --this.#depth === 0) return true
    }
    return false
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const quote = 34
const backslash = 92
const openBrace = 123
const closeBrace = 125
const openBracket = 91
const closeBracket = 93
