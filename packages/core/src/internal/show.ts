/** Values as configuration errors show them: never a secret. */
import { isRecord } from "./json.ts"

export const show = (value: unknown): string => {
  if (value === undefined) return "nothing"
  if (Array.isArray(value)) return "a list"
  return typeof value === "object" && value !== null ? "an object" : JSON.stringify(value) ?? String(value)
}

/** For values that may be secret: only of what kind they are. */
export const showKind = (value: unknown): string => {
  if (value === "") return "an empty string"
  return value === null || value === undefined || typeof value === "object" ? show(value) : `a ${typeof value}`
}

/** Without user, password, query and fragment, also where a wrong character makes one of them look like another part. */
export const showUrl = (value: unknown): string => {
  if (typeof value !== "string") return show(value)
  const [, scheme = "", rest = ""] = /^([a-z][a-z\d+.-]*:\/*)?(.*)$/is.exec(value) ?? []
  const [, path = "", parameters = ""] = /^([^?#]*)(.*)$/s.exec(rest) ?? []
  // Nobody can tell whether it is a query, or a password with a question mark.
  if (parameters.includes("@")) return show(`${scheme}…`)
  return show(`${scheme}${path.replace(/^.*@/s, "…@")}${parameters === "" ? "" : "?…"}`)
}

export const showKeys = (value: unknown): string => {
  const keys = isRecord(value) ? Object.keys(value) : []
  return keys.length === 0 ? "an object without fields" : `only ${keys.map((key) => JSON.stringify(key)).join(", ")}`
}
