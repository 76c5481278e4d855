/**
 * JSON as people write configuration: comments and trailing commas are allowed, a key that stands twice is not.
 *
 * `JSON.parse` has no line numbers in its errors and repeats the text in them, which may hold secrets.
 */
import * as Result from "effect/Result"

export interface SyntaxError {
  readonly line: number
  readonly column: number
  readonly found: string
  readonly allowed: string
}

const maxDepth = 100

/** Reads one JSON text. */
export const parse = (text: string): Result.Result<unknown, SyntaxError> => {
  const parser = new Parser(text)
  const value = parser.document()
  return parser.error === undefined ? Result.succeed(value) : Result.fail(parser.error)
}

const escapes: Readonly<Record<string, string>> = {
  "\"": "\"",
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t"
}

const literal = /true|false|null/y
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const blank = /(?:[\s\uFEFF]|\/\/[^\n\r]*|\/\*[^]*?\*\/)*/y
const plainText = /[^"\\\u0000-\u001F]*/y

class Parser {
  readonly text: string
  position = 0
  error: SyntaxError | undefined

  constructor(text: string) {
    this.text = text
  }

  document(): unknown {
    const value = this.value(0)
    if (this.next() !== "") this.fail("the end of the file")
    return value
  }

  /** Remembers the first error; nothing read after it counts. */
  private fail(allowed: string, found?: string, position = this.position): undefined {
    if (this.error === undefined) {
      const before = this.text.slice(0, position).split(/\r\n|\n|\r/)
      const character = String.fromCodePoint(this.text.codePointAt(position) ?? 0)
      this.error = {
        line: before.length,
        column: (before.at(-1) ?? "").length + 1,
        found: found ?? (position >= this.text.length ? "the end of the file" : JSON.stringify(character)),
        allowed
      }
    }
    this.position = this.text.length
    return undefined
  }

  private match(pattern: RegExp): string {
    pattern.lastIndex = this.position
    const found = pattern.exec(this.text)?.[0] ?? ""
    this.position += found.length
    return found
  }

  /** The character that stands next, blanks and comments aside. */
  private next(): string {
    this.match(blank)
    return this.text[this.position] ?? ""
  }

  private take(character: string): boolean {
    if (this.next() !== character) return false
    this.position++
    return true
  }

  private value(depth: number): unknown {
    if (depth > maxDepth) return this.fail(`at most ${maxDepth} levels`, "one more level")
    const first = this.next()
    if (first === "{") return this.object(depth)
    if (first === "[") return this.array(depth)
    if (first === "\"") return this.string()
    const word = this.match(literal)
    if (word !== "") return word === "null" ? null : word === "true"
    const digits = this.match(number)
    return digits === "" ? this.fail("a value") : Number(digits)
  }

  private object(depth: number): unknown {
    const entries = new Map<string, unknown>()
    this.position++
    while (!this.take("}")) {
      if (entries.size > 0 && !this.take(",")) return this.fail("\",\" or \"}\"")
      if (entries.size > 0 && this.take("}")) break
      const start = this.position
      if (this.next() !== "\"") return this.fail("a name in double quotes or \"}\"")
      const key = this.string()
      if (entries.has(key)) return this.fail("each name once", `${JSON.stringify(key)} a second time`, start)
      if (!this.take(":")) return this.fail("\":\"")
      entries.set(key, this.value(depth + 1))
      if (this.error !== undefined) return undefined
    }
    return Object.fromEntries(entries)
  }

  private array(depth: number): unknown {
    const items: Array<unknown> = []
    this.position++
    while (!this.take("]")) {
      if (items.length > 0 && !this.take(",")) return this.fail("\",\" or \"]\"")
      if (items.length > 0 && this.take("]")) break
      items.push(this.value(depth + 1))
      if (this.error !== undefined) return undefined
    }
    return items
  }

  private string(): string {
    let value = ""
    this.position++
    for (;;) {
      value += this.match(plainText)
      const character = this.text[this.position++]
      if (character === "\"") return value
      if (character !== "\\") {
        this.position--
        this.fail("a string that ends in a double quote on the same line")
        return ""
      }
      const escape = this.text[this.position++] ?? ""
      if (escape === "u" && /^[0-9a-fA-F]{4}$/.test(this.text.slice(this.position, this.position + 4))) {
        value += String.fromCharCode(Number.parseInt(this.text.slice(this.position, this.position + 4), 16))
        this.position += 4
      } else if (escapes[escape] !== undefined) value += escapes[escape]
      else {
        this.position -= 2
        this.fail(
          "one of the escapes \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX (a Windows path needs \\\\)",
          "a backslash"
        )
        return ""
      }
    }
  }
}
