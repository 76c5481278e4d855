import { isObject } from "./jsonSchema.ts"

/**
 * Whether two JSON values are the same, in whatever order their members come. The nesting and the size of the first bound
 * the work, however large the other is.
 */
export const sameJson = (a: unknown, b: unknown): boolean => {
  const open: Array<readonly [unknown, unknown]> = [[a, b]]
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    const [left, right] = pair
    if (left === right) continue
    if (Array.isArray(left) && Array.isArray(right)) {
      if (left.length !== right.length) return false
      for (const [index, item] of left.entries()) open.push([item, right[index]])
    } else if (isObject(left) && isObject(right)) {
      const names = Object.keys(left)
      if (names.length !== Object.keys(right).length) return false
      for (const name of names) {
        if (!Object.hasOwn(right, name)) return false
        open.push([left[name], right[name]])
      }
    } else return false
  }
  return true
}
