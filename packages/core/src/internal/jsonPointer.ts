/** Pointers into a JSON document, as references in schemas have them. */
import * as percent from "./percent.ts"

/** The names on the way of `/a/b`, which may be written as the fragment of a URI. */
export const names = (pointer: string): ReadonlyArray<string> =>
  pointer.split("/").slice(1).map((name) => percent.decode(name).replaceAll("~1", "/").replaceAll("~0", "~"))

/** What has the name in an object or a list. */
export const get = (value: unknown, name: string): unknown => {
  if (Array.isArray(value)) return /^(0|[1-9]\d{0,9})$/.test(name) ? value[Number(name)] : undefined
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined
}
