/** A tool's result for people. */
import * as Base64 from "@universal-mcp/core/Base64"
import * as SafeText from "@universal-mcp/core/SafeText"
import { isObject, type JsonObject } from "../internal/jsonSchema.ts"
import { bytes, prettyJson, trimmedEnd, unlines } from "./text.ts"

/**
 * The content of a `CallToolResult`, one block after the other; the structured content where there is no text. What is
 * not what the protocol wants is shown as it came.
 */
export const result = (value: unknown): SafeText.SafeText => {
  const { content, structuredContent } = isObject(value) ? value : {}
  const blocks = Array.isArray(content) ? content.filter(isObject) : []
  const hasText = blocks.some(({ type }) => type === "text")
  const structured = structuredContent === undefined || hasText ? [] : [prettyJson(structuredContent)]
  return unlines([...blocks.map(block), ...structured])
}

/** Servers send blocks that lack what the protocol wants; such a block is shown as it came. */
export const block = (content: JsonObject): SafeText.SafeText => {
  const { data, resource, text, type, uri } = content
  if (type === "text" && typeof text === "string") return SafeText.block(text)
  if ((type === "image" || type === "audio") && typeof data === "string") {
    return label([type, content["mimeType"]], data)
  }
  if (type === "resource_link" && typeof uri === "string") {
    const name = SafeText.line(content["title"] ?? content["name"])
    return trimmedEnd(SafeText.format`${label(["link", uri, content["mimeType"]])} ${name}`)
  }
  if (type === "resource" && isObject(resource)) {
    const names = ["resource", resource["uri"], resource["mimeType"]]
    if (typeof resource["text"] === "string") return unlines([label(names), SafeText.block(resource["text"])])
    if (typeof resource["blob"] === "string") return label(names, resource["blob"])
  }
  return SafeText.json(content)
}

/** `[image image/png, 4.2 kB]` */
export const label = (names: ReadonlyArray<unknown>, base64?: string): SafeText.SafeText => {
  const known = SafeText.line(names.filter((name) => typeof name === "string").join(" "))
  return base64 === undefined
    ? SafeText.format`[${known}]`
    : SafeText.format`[${known}, ${bytes(Base64.byteLength(base64))}]`
}
