/** Checks of what servers answer, as Standard Schemas for the SDK: by hand, because they run on every call. */
import type { CallToolResult, StandardSchemaV1, Tool } from "@modelcontextprotocol/client"
import { isRecord } from "./guard.ts"

const schema = <A>(check: (value: unknown) => { readonly value: A } | string): StandardSchemaV1<unknown, A> => ({
  "~standard": {
    version: 1,
    vendor: "universal-mcp",
    validate: (value) => {
      const checked = check(value)
      return typeof checked === "string" ? { issues: [{ message: checked }] } : checked
    }
  }
})

const isToolResult = (value: Readonly<Record<string, unknown>>): value is CallToolResult =>
  Array.isArray(value["content"]) &&
  value["content"].every((block) => isRecord(block) && typeof block["type"] === "string")

/** Servers leave `content` out where there is none; unknown kinds of content pass through. */
export const callToolResult = schema<CallToolResult>((value) => {
  if (!isRecord(value)) return "the result is not an object"
  const result = value["content"] === undefined ? { ...value, content: [] } : value
  return isToolResult(result) ? { value: result } : "the result's content is not a list of content blocks"
})

export const isTool = (value: unknown): value is Tool =>
  isRecord(value) && typeof value["name"] === "string" && isRecord(value["inputSchema"])

export interface Page {
  readonly items: ReadonlyArray<unknown>
  readonly nextCursor: string | undefined
}

export const page = (key: string) =>
  schema<Page>((value) => {
    if (!isRecord(value) || !Array.isArray(value[key])) return `the result has no list of ${key}`
    const cursor = value["nextCursor"]
    return {
      value: { items: value[key], nextCursor: typeof cursor === "string" && cursor !== "" ? cursor : undefined }
    }
  })
