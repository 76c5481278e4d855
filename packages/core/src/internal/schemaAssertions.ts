/** Keywords about the value itself: its type, its size, and which names it has. */
import { isRecord } from "./json.ts"
import * as costs from "./schemaCosts.ts"
import type { Keyword, KeywordValue } from "./schemaKeywordValue.ts"
import { type Assertion, first, issue, keysOf, type Run, shown } from "./schemaRun.ts"
import { Values } from "./schemaValues.ts"

export const type: Keyword = (keyword) => {
  const written = typeof keyword.value === "string" ? [keyword.value] : keyword.readNames()
  // A list may have each of the few types thousands of times.
  const types = [...new Set(written.filter((one) => Object.hasOwn(isOfType, one)))]
  if (types.length === 0 || !written.every((one) => Object.hasOwn(isOfType, one))) {
    keyword.refuse("a type of JSON, or a list of some")
  }
  const checks = types.map((one) => isOfType[one])
  const issues = issue(`must be ${types.join()}`)
  return (value) => checks.some((check) => check?.(value)) ? undefined : issues
}

export const constant: Keyword = (keyword) => oneOfValues(keyword, [keyword.value], "must be equal to constant")

export const oneOfList: Keyword = (keyword) =>
  oneOfValues(keyword, keyword.readList(), "must be equal to one of the allowed values")

export const ofNumber = (says: string, check: (value: number, limit: number) => boolean): Keyword => (keyword) => {
  const limit = keyword.readNumber()
  const issues = issue(`must be ${says} ${limit}`)
  return (value) => typeof value !== "number" || check(value, limit) ? undefined : issues
}

export const multipleOf: Keyword = (keyword) => {
  const of = keyword.readNumber()
  const issues = issue(`must be multiple of ${of}`)
  return (value, { work }) => {
    if (typeof value !== "number") return undefined
    if (Math.abs(value) > Math.abs(of) * Number.MAX_SAFE_INTEGER && !work.spend(costs.longRemainder)) return undefined
    return isMultiple(value, of) ? undefined : issues
  }
}

/**
 * Fractions are not exact: 0.3 is a multiple of 0.1. So a quotient may differ from an integer by the error of a division,
 * as long as it is small enough for fractions to mean anything.
 */
export const isMultiple = (value: number, of: number): boolean => {
  if (Number.isInteger(value) && Number.isInteger(of)) return value % of === 0
  const quotient = value / of
  if (!Number.isFinite(quotient)) return value % of === 0
  const error = Math.min(Math.abs(quotient) * 4 * Number.EPSILON, maxError)
  return Math.abs(quotient - Math.round(quotient)) <= error
}

export const ofSize = (
  what: string,
  isMost: boolean,
  sizeOf: (value: unknown, run: Run, limit: number) => number | undefined
): Keyword =>
(keyword) => {
  const limit = keyword.readNumber()
  const issues = issue(`must NOT have ${isMost ? "more" : "fewer"} than ${limit} ${what}`)
  return (value, run) => {
    const size = sizeOf(value, run, limit)
    return size === undefined || (isMost ? size <= limit : size >= limit) ? undefined : issues
  }
}

/** In characters of Unicode. They are counted only where that can matter: each is one or two of JavaScript. */
export const lengthOf = (value: unknown, { work }: Run, limit: number): number | undefined => {
  if (typeof value !== "string") return undefined
  if (value.length < limit || value.length > limit * 2) return value.length
  if (!work.spend(value.length * costs.countedCharacter)) return undefined
  let length = 0
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    const isSecond = code >= 0xDC00 && code <= 0xDFFF && i > 0 && isHigh(value.charCodeAt(i - 1))
    if (!isSecond) length++
  }
  return length
}

const isHigh = (code: number): boolean => code >= 0xD800 && code <= 0xDBFF

export const itemCount = (value: unknown): number | undefined => Array.isArray(value) ? value.length : undefined

export const propertyCount = (value: unknown, { work }: Run): number | undefined => {
  if (!isRecord(value)) return undefined
  const keys = keysOf(value, work)
  return work.refused === undefined ? keys.length : undefined
}

export const pattern: Keyword = (keyword) => {
  const wanted = keyword.reader.pattern(keyword.readText())
  const issues = issue(`must match pattern "${shown(wanted.source)}"`)
  return (value, { work }) => typeof value !== "string" || wanted.matches(value, work) ? undefined : issues
}

export const uniqueItems: Keyword = (keyword) =>
  keyword.value !== true ? undefined : (value, { work }) => {
    if (!Array.isArray(value) || !work.spend(value.length)) return undefined
    const values = new Values()
    for (const item of value) {
      if (!values.add(item, work)) return issue("must NOT have duplicate items (uniqueItems)")
      if (work.refused !== undefined) return undefined
    }
    return undefined
  }

export const required: Keyword = (keyword) => {
  const names = keyword.readNames()
  return (value, run) => {
    const name = missing(value, names, run)
    return name === undefined ? undefined : issue(`must have required property '${shown(name)}'`)
  }
}

/** What must be there or fit, where a property is there. */
export const dependent = (dependencies: ReturnType<KeywordValue["readDependencies"]>): Assertion => (value, run) =>
  isRecord(value) && run.work.spend(dependencies.length)
    ? first(dependencies, run.work, ([name, needs]) => {
      if (!Object.hasOwn(value, name)) return undefined
      if ("assertions" in needs) return run.here(needs, value)
      const absent = missing(value, needs, run)
      return absent === undefined
        ? undefined
        : issue(`must have property ${shown(absent)} when property ${shown(name)} is present`)
    })
    : undefined

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const maxError = 0.01

const isOfType: Readonly<Record<string, (value: unknown) => boolean>> = {
  array: Array.isArray,
  boolean: (value) => typeof value === "boolean",
  // What is beyond the range of numbers has no fraction.
  integer: (value) => typeof value === "number" && (Number.isInteger(value) || !Number.isFinite(value)),
  null: (value) => value === null,
  number: (value) => typeof value === "number",
  object: isRecord,
  string: (value) => typeof value === "string"
}

const oneOfValues = (keyword: KeywordValue, values: ReadonlyArray<unknown>, message: string): Assertion => {
  const allowed = new Values()
  for (const value of values) allowed.add(value, keyword.reader.work)
  const issues = issue(message)
  return (value, { work }) => allowed.has(value, work) ? undefined : issues
}

const missing = (value: unknown, names: ReadonlyArray<string>, run: Run): string | undefined =>
  isRecord(value) && run.work.spend(names.length) ? names.find((name) => !Object.hasOwn(value, name)) : undefined
