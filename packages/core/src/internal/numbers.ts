/**
 * Numbers that JavaScript cannot hold. Values are what `JSON.parse` makes of a text; the digits that came are remembered
 * beside them, by the object or array that the number is in.
 */
import * as excess from "./excess.ts"

declare global {
  /** With what TypeScript does not declare yet. */
  interface JSON {
    rawJSON(text: string): object
    isRawJSON(value: unknown): value is { readonly rawJSON: string }
    parse(
      text: string,
      reviver: (this: object, key: string, value: unknown, context: { readonly source?: string }) => unknown
    ): unknown
  }
}

/** As `JSON.parse`. Remembers the digits of numbers that would change, or of all that JavaScript writes in another way. */
export const parse = (text: string, keepsDigits = false): unknown => {
  const value: unknown = JSON.parse(text)
  if (!keepsDigits && !mayChange(text)) return value
  if (excess.hasMoreValues(text, mostValues)) {
    markUnread(value)
    return value
  }
  return remembering(text, keepsDigits, value)
}

/** With integers beyond 2^53 as `bigint`. */
export const parseExact = (text: string): unknown => {
  // For what is wrong with it.
  JSON.parse(text)
  const exact = toExact(parse(`[${text}]`))
  return Array.isArray(exact) ? exact[0] : exact
}

/** With what `JSON.rawJSON` makes of each number that JavaScript would write in another way. */
export const parseRaw = (text: string): unknown =>
  JSON.parse(text, (_key, value, { source }) => isRewritten(value, source) ? JSON.rawJSON(source) : value)

/** As `JSON.stringify`, with the digits that came; a `bigint` is written as its digits. */
export const stringify = (value: unknown, space?: number): string | undefined =>
  JSON.stringify(
    value,
    function(this: object, key: string, inner: unknown) {
      if (typeof inner === "bigint") return JSON.rawJSON(String(inner))
      const source = typeof inner === "number" ? digits.get(this)?.get(key) : undefined
      return source !== undefined && Object.is(Number(source), inner) ? JSON.rawJSON(source) : inner
    },
    space
  )

/** A result as its caller wants it, and where a number in it is not the one that came. */
export interface Settled {
  readonly result: Readonly<Record<string, unknown>>
  readonly warnings: ReadonlyArray<string>
}

/** Nothing where there is nothing to do, which is found out without looking at the result. */
export const settle = (result: Readonly<Record<string, unknown>>, exactNumbers: boolean): Settled | undefined => {
  if (unread.has(result)) return warned(result, [unreadWarning])
  if (!(exactNumbers ? digits : changed).has(result)) return undefined
  return exactNumbers
    ? warned(toExact(result), changesIn(result, (source) => integerOf(source) === undefined))
    : warned(result, changesIn(result, () => true))
}

/** Adds a list of texts to the `warnings` of a result; what else a server has under that name stays as it is. */
export const withWarnings = (
  result: Readonly<Record<string, unknown>>,
  warnings: unknown
): Readonly<Record<string, unknown>> => {
  const own = result["warnings"] ?? []
  return isTexts(own) && isTexts(warnings) && warnings.length > 0
    ? { ...result, warnings: [...own, ...warnings] }
    : result
}

/** A value with each `bigint` as the nearest number, for who knows only numbers. */
export const asNumbers = (value: unknown): unknown => {
  if (typeof value === "bigint") return Number(value)
  if (!isObject(value) || !digits.has(value)) return value
  return JSON.parse(stringify(value) ?? "null")
}

/** Gives a copy the digits of what it was made from. */
export const withDigitsOf = <A extends object>(original: object, copy: A): A => {
  const own = digits.get(original)
  if (own !== undefined) digits.set(copy, own)
  if (changed.has(original)) changed.add(copy)
  return copy
}

/** A number in an object as it is to be sent back: with its digits, where JavaScript would change it. */
export const toSendBack = (holder: object, key: string): object | undefined => {
  const source = digits.get(holder)?.get(key)
  return source === undefined ? undefined : JSON.rawJSON(source)
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** Of the numbers in an object or array, by their keys. One that only leads to such a number has an entry too. */
const digits = new WeakMap<object, Map<string, string>>()

/** Those that hold, or lead to, a number that is not the one that came. */
const changed = new WeakSet()

/** To look at each number takes many times as long as to read it. */
const mostValues = 250_000

/** Results with more values than that, in which numbers may have changed. */
const unread = new WeakSet()

const unreadWarning =
  `it has more than ${mostValues} values: the numbers in it that JavaScript changes are not looked for`

/** More digits than these are not made a `bigint`: that takes long. */
const longest = 4300

/** An exponent writes any number of digits in a few characters: more than these are not made a `bigint`. */
const longestByExponent = 500

/** How many numbers one result warns of. */
const mostWarnings = 10

/** How much of a path, at either end, a warning shows. */
const shownOfPath = 60

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

const isTexts = (value: unknown): value is ReadonlyArray<string> =>
  Array.isArray(value) && value.every((one) => typeof one === "string")

const warned = (result: Readonly<Record<string, unknown>>, warnings: ReadonlyArray<string>): Settled => ({
  result: withDigitsOf(result, withWarnings(result, warnings)),
  warnings
})

const isRewritten = (value: unknown, source: string | undefined): source is string =>
  typeof value === "number" && source !== undefined && String(value) !== source

/** A message is marked at its result, and so is each of a batch. */
const markUnread = (value: unknown): void => {
  for (const message of Array.isArray(value) ? value : [value]) {
    if (isObject(message) && "result" in message && isObject(message.result)) unread.add(message.result)
  }
}

const remembering = (text: string, keepsDigits: boolean, value: unknown): unknown => {
  // Values come holder by holder.
  let holder: object | undefined
  let own = new Map<string, string>()
  let isChanged = false
  const enter = (next: object) => {
    if (next === holder) return
    holder = next
    isChanged = changed.has(next)
    own = digits.get(next) ?? new Map()
    digits.set(next, own)
  }
  const change = (next: object) => {
    if (!isChanged) changed.add(next)
    isChanged = true
  }
  try {
    return JSON.parse(text, function(key, inner, { source }) {
      if (typeof inner === "number" && source !== undefined) {
        const changesNow = !keepsDigits && changes(source)
        if (!changesNow && (keepsDigits ? String(inner) === source : isSafe(inner))) return inner
        enter(this)
        own.set(key, source)
        if (changesNow) change(this)
      } else if (isObject(inner) && digits.has(inner)) {
        enter(this)
        if (changed.has(inner)) change(this)
      }
      return inner
    })
  } catch {
    // It is nested more deeply than functions can be: no message is, but other texts may be.
    return value
  }
}

const isSafe = (value: number): boolean => !(Math.abs(value) > Number.MAX_SAFE_INTEGER)

/**
 * Whether a text may have a number that changes. Looks at every 16th character, because fewer digits never change, and
 * then for large exponents; only where that finds something, at each number.
 */
const mayChange = (text: string): boolean => (hasLongRun(text) || largeExponent.test(text)) && hasChangingNumber(text)

const runLength = 16

const hasLongRun = (text: string): boolean => {
  for (let at = runLength - 1; at < text.length; at += runLength) {
    if (!isDigitOrPoint(text, at)) continue
    let start = at
    let end = at
    while (end - start < runLength && isDigitOrPoint(text, start - 1)) start--
    while (end - start < runLength && isDigitOrPoint(text, end + 1)) end++
    if (end - start + 1 >= runLength) return true
  }
  return false
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57

const isDigitOrPoint = (text: string, at: number): boolean => {
  const code = text.charCodeAt(at)
  return isDigit(code) || code === 46
}

/** What goes on behind it is base64. Without repetitions that have no end, because those overflow the stack. */
const largeExponent = /\d[eE][-+]?\d{3,20}(?![\w+/=-])/

const shortestChanging = "1e400".length

/** Also in strings: to tell them apart is not worth the time. */
const hasChangingNumber = (text: string): boolean => {
  for (let at = 0; at < text.length; at++) {
    if (!isDigit(text.charCodeAt(at))) continue
    const start = at
    while (isInNumber(text.charCodeAt(at))) at++
    const length = at - start
    if (length < shortestChanging) continue
    if (length > longest) return true
    const number = text.slice(start, at)
    if (changes(number) || !isSafe(Number(number))) return true
  }
  return false
}

/** One of `0123456789+-.eE`. */
const isInNumber = (code: number): boolean =>
  isDigit(code) || code === 43 || code === 45 || code === 46 || code === 69 || code === 101

/** Whether JavaScript writes another number than this. Seventeen digits of the same decimal fraction are no other. */
const changes = (source: string): boolean => {
  if (source.length > longest) return true
  const value = Number(source)
  const written = String(value)
  if (written === source || source === "-0" || Number.isNaN(value)) return false
  // Two integers, both written with all of their digits.
  if (!Number.isFinite(value) || !/[.e]/i.test(source + written)) return true
  const came = decimal(source)
  if (isSame(came, decimal(written))) return false
  const count = came.digits.length
  return isIntegral(came) || count > 100 || !isSame(came, decimal(value.toPrecision(count)))
}

/** `0.digits × 10^point`, without zeros at either end. */
interface Decimal {
  readonly sign: string
  readonly digits: string
  readonly point: number
}

const decimal = (text: string): Decimal => {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([-+]?\d+))?$/i.exec(text) ?? []
  const all = whole + fraction
  let start = 0
  while (all[start] === "0") start++
  let end = all.length
  while (end > start && all[end - 1] === "0") end--
  return start === end
    ? { sign: "", digits: "", point: 0 }
    : { sign, digits: all.slice(start, end), point: whole.length - start + Number(exponent) }
}

const isSame = (a: Decimal, b: Decimal): boolean => a.sign === b.sign && a.digits === b.digits && a.point === b.point

const isIntegral = ({ digits, point }: Decimal): boolean => point >= digits.length

/** The integer beyond 2^53 that a number is, where it is written as one or would change. */
const integerOf = (source: string): bigint | undefined => {
  if (source.length > longest || isSafe(Number(source))) return undefined
  if (/^-?\d+$/.test(source)) return BigInt(source)
  const { digits, point, sign } = decimal(source)
  if (point < digits.length || point > longestByExponent || !changes(source)) return undefined
  return BigInt(sign + digits.padEnd(point, "0"))
}

/** A copy, as far as it holds such integers: who knows the original may know it as what it is. */
const toExact = <A>(value: A): A => {
  if (!isObject(value)) return value
  const own = digits.get(value)
  if (own === undefined) return value
  const copy = Array.isArray(value) ? Object.assign([], value) : { ...value }
  for (const [key, inner] of Object.entries(value)) {
    const source = own.get(key)
    Object.defineProperty(copy, key, {
      value: source === undefined ? toExact(inner) : integerOf(source) ?? inner,
      configurable: true,
      enumerable: true,
      writable: true
    })
  }
  return withDigitsOf(value, copy)
}

/** A line each, with its place, for numbers that changed. */
const changesIn = (value: object, isWanted: (source: string) => boolean): ReadonlyArray<string> => {
  const found: Array<string> = []
  let more = 0
  const visit = (holder: object, path: string) => {
    if (!changed.has(holder)) return
    const own = digits.get(holder)
    for (const [key, inner] of Object.entries(holder)) {
      const at = Array.isArray(holder) ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`
      if (isObject(inner)) visit(inner, at)
      const source = own?.get(key)
      if (source === undefined || !changes(source) || !isWanted(source)) continue
      if (found.length === mostWarnings) more++
      else {found.push(
          `${shortened(at)} is ${source.slice(0, 100)}, which JavaScript reads as ${String(inner)}; ${remedy(source)}`
        )}
    }
  }
  visit(value, "")
  return more === 0 ? found : [...found, `${more} more numbers changed`]
}

const shortened = (path: string): string =>
  path.length > 2 * shownOfPath ? `${path.slice(0, shownOfPath)}…${path.slice(-shownOfPath)}` : path

const remedy = (source: string): string =>
  integerOf(source) === undefined ? "no JavaScript number holds it" : "call with exactNumbers: true to get a bigint"
