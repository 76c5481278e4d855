/** A tool's result for people. */
import * as Base64 from "@universal-mcp/core/Base64"
import { isObject, type JsonObject } from "../internal/jsonSchema.ts"
import { bytes, json, safe, safeLine } from "./text.ts"

/**
 * The content of a `CallToolResult`, one block after the other; the structured content where there is no text. What is
 * not what the protocol wants is shown as it came.
 */
export const result = (value: unknown): string => {
  const { content, structuredContent } = isObject(value) ? value : {}
  const blocks = Array.isArray(content) ? content.filter(isObject) : []
  const hasText = blocks.some(({ type }) => type === "text")
  const structured = structuredContent === undefined || hasText ? [] : [safe(json(structuredContent, 2))]
  return [...blocks.map(block), ...structured].join("\n")
}

/** Servers send blocks that lack what the protocol wants; such a block is shown as it came. */
export const block = (content: JsonObject): string => {
  const { data, resource, text, type, uri } = content
  if (type === "text" && typeof text === "string") return safe(text)
  if ((type === "image" || type === "audio") && typeof data === "string") {
    return label([type, content["mimeType"]], data)
  }
  if (type === "resource_link" && typeof uri === "string") {
    return `${label(["link", uri, content["mimeType"]])} ${safeLine(String(content["title"] ?? content["name"] ?? ""))}`
      .trimEnd()
  }
  if (type === "resource" && isObject(resource)) {
    const names = ["resource", resource["uri"], resource["mimeType"]]
    if (typeof resource["text"] === "string") return `${label(names)}\n${safe(resource["text"])}`
    if (typeof resource["blob"] === "string") return label(names, resource["blob"])
  }
  return safe(json(content))
}

/** `[image image/png, 4.2 kB]` */
export const label = (names: ReadonlyArray<unknown>, base64?: string): string => {
  const known = names.filter((name) => typeof name === "string").map(safeLine).join(" ")
  return `[${known}${base64 === undefined ? "" : `, ${bytes(Base64.byteLength(base64))}`}]`
}
