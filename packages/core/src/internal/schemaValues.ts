/** Sets of JSON values, with the equality of JSON Schema: objects are equal in whatever order their names are. */
import { maxDepth } from "./excess.ts"
import { isRecord } from "./json.ts"
import * as costs from "./schemaCosts.ts"
import type { Work } from "./schemaWork.ts"

export class Values {
  /** Texts, because engines hash them with a seed. They hash numbers without one, so that a server can choose their hashes. */
  readonly #keys = new Set<string>()
  #longTexts = 0

  /** Also true if the work is refused. */
  has(value: unknown, work: Work): boolean {
    const key = canonical(value, work, 0)
    return !this.#spend(key, work, costs.lookUp) || this.#keys.has(key)
  }

  /** Whether it was new; also true if the work is refused. */
  add(value: unknown, work: Work): boolean {
    const key = canonical(value, work, 0)
    if (!this.#spend(key, work, costs.addition)) return true
    if (this.#keys.has(key)) return false
    this.#keys.add(key)
    if (isLong(key)) this.#longTexts++
    return true
  }

  /** Engines tell long texts of one length from each other only by comparing them. */
  #spend(key: string, work: Work, least: number): boolean {
    if (!isLong(key)) return work.spend(least)
    return work.spend(least + key.length * (costs.character + this.#longTexts * costs.comparedCharacter))
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const isLong = (key: string): boolean => key.length > costs.longKey

/**
 * The same text for equal values, and never one that is an integer. Texts have their lengths before them, which is
 * quicker than to quote them.
 */
const canonical = (value: unknown, work: Work, depth: number): string => {
  if (depth > maxDepth) work.refuse("a value is nested too deeply to be compared")
  if (work.refused !== undefined) return ""
  if (typeof value === "string") return work.spend(value.length * costs.character) ? `"${value.length}:${value}` : ""
  if (typeof value === "number") {
    return work.spend(Number.isSafeInteger(value) ? costs.integer : costs.fraction) ? `n${value}` : ""
  }
  if (Array.isArray(value)) {
    if (!work.spend(costs.list + value.length * costs.item)) return ""
    let text = "["
    for (const item of value) text += `${canonical(item, work, depth + 1)},`
    return `${text}]`
  }
  if (!isRecord(value)) return String(value)
  const names = Object.keys(value)
  if (!work.spend(costs.object + names.length * costs.name)) return ""
  for (const name of names) if (!work.spend(name.length * costs.character)) return ""
  let text = "{"
  for (const name of names.length > 1 ? names.sort() : names) {
    text += `${name.length}:${name}${canonical(value[name], work, depth + 1)},`
  }
  return `${text}}`
}
