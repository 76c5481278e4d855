/** A tool as a TypeScript-like signature. */
import type { Tool } from "@universal-mcp/core/Protocol"
import * as jsonSchema from "../internal/jsonSchema.ts"
import { safeLine } from "./text.ts"

/** Such as `echo(message: string, count?: number)`. */
export const signature = (tool: Tool): string => `${safeLine(tool.name)}(${parameters(tool).join(", ")})${answer(tool)}`

/** The same, one parameter a line where it is longer than `width`. */
export const signatureWithin = (tool: Tool, width: number): string => {
  const line = signature(tool)
  return line.length <= width
    ? line
    : `${safeLine(tool.name)}(\n${parameters(tool).map((parameter) => `  ${parameter}`).join(",\n")}\n)${answer(tool)}`
}

const parameters = (tool: Tool): ReadonlyArray<string> => members(tool.inputSchema)

const answer = (tool: Tool): string =>
  tool.outputSchema === undefined ? "" : `: ${typeText(tool.outputSchema, tool.outputSchema, 0)}`

/** Such as `message: string` and `count?: number`, for each property of an object schema. */
export const members = (schema: unknown, root: unknown = schema, depth = 0): ReadonlyArray<string> => {
  const required = jsonSchema.required(schema)
  return Object.entries(jsonSchema.properties(schema)).map(([name, property]) =>
    `${safeLine(name)}${required.includes(name) ? "" : "?"}: ${typeText(property, root, depth + 1)}`
  )
}

const typeText = (schema: unknown, root: unknown, depth: number): string => {
  const schemas = jsonSchema.alternatives(schema, root)
  if (schemas === undefined || depth > 4) return "unknown"
  const texts = schemas.flatMap((one) => {
    const values = jsonSchema.listed(one)
    return values === undefined
      ? (jsonSchema.typesOf(one) ?? []).map((type) => namedType(type, one, root, depth))
      : values.map((value) => safeLine(JSON.stringify(value) ?? "unknown"))
  })
  return texts.length === 0 ? "unknown" : [...new Set(texts)].join(" | ")
}

const namedType = (type: jsonSchema.JsonType, schema: jsonSchema.JsonObject, root: unknown, depth: number): string => {
  if (type === "integer") return "number"
  if (type === "array") {
    const items = typeText(schema["items"], root, depth + 1)
    return items.includes(" ") ? `Array<${items}>` : `${items}[]`
  }
  if (type !== "object") return type
  const inner = members(schema, root, depth)
  return inner.length === 0 ? "object" : `{ ${inner.join(", ")} }`
}
