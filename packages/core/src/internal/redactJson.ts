/** JSON of a server with secrets hidden in its texts. */
import { isRecord } from "./json.ts"
import { hidden, type Redact } from "./redact.ts"

/** What has no secret in it stays the same object. Beyond a size, and a depth, the rest is left out. */
export const redactJson = (value: unknown, redact: Redact): unknown => inner(value, redact, { left: most }, 0)

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** Characters and values that are looked at. */
const most = 256 * 1024

const deepest = 100

const leftOut = "… (left out: it is too large to look for secrets in it)"

interface Budget {
  left: number
}

const inner = (value: unknown, redact: Redact, budget: Budget, depth: number): unknown => {
  budget.left -= typeof value === "string" ? value.length + 1 : 1
  if (typeof value === "string") return budget.left < 0 ? leftOut : redact(value)
  if (typeof value !== "object" || value === null) return value
  if (budget.left < 0 || depth > deepest) return leftOut
  if (Array.isArray(value)) {
    const items = value.slice(0, budget.left + 1).map((item) => inner(item, redact, budget, depth + 1))
    return items.length === value.length && items.every((item, index) => item === value[index]) ? value : items
  }
  if (!isRecord(value)) return hidden
  const fields: Array<readonly [string, unknown]> = []
  let isChanged = false
  for (const key in value) {
    if (!Object.hasOwn(value, key)) continue
    const field = [redact(key), inner(value[key], redact, budget, depth + 1)] as const
    budget.left -= key.length
    isChanged ||= field[0] !== key || field[1] !== value[key]
    fields.push(field)
    if (budget.left < 0) {
      isChanged = true
      break
    }
  }
  return isChanged ? Object.fromEntries(fields) : value
}
