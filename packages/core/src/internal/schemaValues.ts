/** Sets of JSON values, where those are the same that JSON Schema calls equal. */
import { isRecord } from "./json.ts"
import { maxDepth, type Work } from "./schemaWork.ts"

export class Values {
  readonly #primitives = new Set<unknown>()
  readonly #structures = new Set<unknown>()
  #longTexts = 0

  /** Also true where the work is spent. */
  has(value: unknown, work: Work): boolean {
    const [values, key] = this.#find(value, work)
    return !this.#spend(key, work, lookUpCost) || values.has(key)
  }

  /** Whether it was not in it before; also true where the work is spent. */
  add(value: unknown, work: Work): boolean {
    const [values, key] = this.#find(value, work)
    if (!this.#spend(key, work, additionCost)) return true
    if (values.has(key)) return false
    values.add(key)
    if (isLong(key)) this.#longTexts++
    return true
  }

  #find(value: unknown, work: Work): [Set<unknown>, unknown] {
    return typeof value === "object" && value !== null
      ? [this.#structures, canonical(value, work, 0)]
      : [this.#primitives, value]
  }

  /** Engines tell long texts of one length from each other only by comparing them. */
  #spend(key: unknown, work: Work, least: number): boolean {
    return work.spend(isLong(key) ? least + key.length / 16 + this.#longTexts * key.length / 100 : least)
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const lookUpCost = 5
const additionCost = 20
const listCost = 20
const itemCost = 5
const objectCost = 50
const nameCost = 40

const isLong = (key: unknown): key is string => typeof key === "string" && key.length > 1000

/** With the lengths of texts before them, which is quicker than to quote them. */
const canonical = (value: unknown, work: Work, depth: number): string => {
  if (depth > maxDepth) work.refuse("a value is nested too deeply to be compared")
  if (typeof value === "string") return work.spend(value.length / 16) ? `"${value.length}:${value}` : ""
  if (Array.isArray(value)) {
    if (!work.spend(listCost + value.length * itemCost)) return ""
    let text = "["
    for (const item of value) text += `${canonical(item, work, depth + 1)},`
    return `${text}]`
  }
  if (!isRecord(value)) return String(value)
  const names = Object.keys(value)
  if (!work.spend(objectCost + names.length * nameCost)) return ""
  let text = "{"
  for (const name of names.length > 1 ? names.sort() : names) {
    if (!work.spend(name.length / 16)) return ""
    text += `${name.length}:${name}${canonical(value[name], work, depth + 1)},`
  }
  return `${text}}`
}
