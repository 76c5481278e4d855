/** Messages that mean harm: what the specification wants, with some of it replaced by anything that JSON can say. */
import { Schema } from "effect"
import { texts, values } from "./hostile.ts"

const odd = [...values, ...texts]

/** Each number decides on one part of a message: most are kept. */
export const Choices = Schema.NonEmptyArray(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 8 * odd.length })))

/** The value with parts of it replaced, left out or repeated. */
export const spoiled = (value: unknown, choices: ReadonlyArray<number>): unknown => {
  let turn = 0
  const spoil = (part: unknown): unknown => {
    const choice = choices[turn++ % choices.length] ?? 0
    if (choice < odd.length) return odd[choice]
    if (Array.isArray(part)) return part.flatMap((item) => choice % 7 === 0 ? [spoil(item), item] : [spoil(item)])
    if (typeof part !== "object" || part === null) return part
    return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, spoil(inner)]))
  }
  return spoil(value)
}

/** The value in every way in which one part of it is something odd. */
export const spoiledOnce = (value: unknown): ReadonlyArray<unknown> => {
  let count = 0
  const replaced = (part: unknown, place: number, by: unknown): unknown => {
    if (count++ === place) return by
    if (Array.isArray(part)) return part.map((item) => replaced(item, place, by))
    if (typeof part !== "object" || part === null) return part
    return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, replaced(inner, place, by)]))
  }
  replaced(value, -1, undefined)
  return Array.from({ length: count }, (_, place) => place).flatMap((place) =>
    odd.map((by) => {
      count = 0
      return replaced(value, place, by)
    })
  )
}

/** Any text that hurts what reads it, and what any text may be. */
export const Text = Schema.Union([Schema.String, Schema.Literals(texts)])
