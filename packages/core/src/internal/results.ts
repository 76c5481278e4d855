/** Checks of what servers answer: by hand, because they run on every call. */
import type {
  CallToolResult,
  CompleteResult,
  GetPromptResult,
  Prompt,
  ReadResourceResult,
  Resource,
  ResourceTemplate,
  Tool
} from "../Protocol.ts"
import { excerpt, isRecord } from "./json.ts"

/** The value as it is read, or what is wrong with it. */
export type Check<A> = (value: Readonly<Record<string, unknown>>) => { readonly value: A } | string

/** An answer of a tool, with a warning about it. */
export interface ToolResult {
  readonly result: CallToolResult
  readonly warning?: string
}

/**
 * Servers leave `content` out where there is none; unknown kinds of content pass through. A block that is not valid
 * costs no other: what can be read of it is text, the rest is left out.
 */
export const callToolResult: Check<ToolResult> = (value) => {
  if (isToolResult(value)) return { value: { result: value } }
  const { content } = value
  const given = Array.isArray(content) ? content : content === undefined || content === null ? [] : [content]
  const result = { ...value, content: given.map(blockOf).filter(isBlock) }
  if (!isToolResult(result)) return "the result's content is not a list of content blocks"
  const invalid = given.filter((block) => !isBlock(block))
  if (invalid.length > 0) {
    const warning =
      `${invalid.length} of the ${given.length} content blocks of a result are not valid, and were read ` +
      `as text or left out: ${excerpt(invalid, 300)}`
    return { value: { result, warning } }
  }
  return given.length === 0 || Array.isArray(content)
    ? { value: { result } }
    : { value: { result, warning: `the content of a result is not a list but one block: ${excerpt(content, 300)}` } }
}

const isToolResult = (value: Readonly<Record<string, unknown>>): value is CallToolResult =>
  Array.isArray(value["content"]) && value["content"].every(isBlock)

const isBlock = (value: unknown): value is { readonly type: string } =>
  isRecord(value) && typeof value["type"] === "string" &&
  (value["type"] !== "text" || typeof value["text"] === "string")

const blockOf = (value: unknown): unknown => {
  if (typeof value === "string") return { type: "text", text: value }
  if (!isRecord(value) || isBlock(value)) return value
  const { text, type } = value
  if (text === undefined || text === null || type !== "text" && typeof text !== "string") return value
  return { ...value, type: "text", text: typeof text === "string" ? text : excerpt(text, Number.POSITIVE_INFINITY) }
}

export const isTool = (value: unknown): value is Tool =>
  isRecord(value) && typeof value["name"] === "string" && isRecord(value["inputSchema"])

const isNamed = (value: unknown): value is Readonly<Record<string, unknown>> =>
  isRecord(value) && typeof value["name"] === "string"

export const isPrompt = (value: unknown): value is Prompt => isNamed(value)

/** Many servers leave out the name of what has a URI. */
export const isResource = (value: unknown): value is Resource => isRecord(value) && typeof value["uri"] === "string"

export const isResourceTemplate = (value: unknown): value is ResourceTemplate =>
  isRecord(value) && typeof value["uriTemplate"] === "string"

/** Any object. */
export const any: Check<Record<string, unknown>> = (value) => ({ value: { ...value } })

const isList = (value: unknown): value is ReadonlyArray<Readonly<Record<string, unknown>>> =>
  Array.isArray(value) && value.every(isRecord)

const isReadResult = (value: Readonly<Record<string, unknown>>): value is ReadResourceResult =>
  isList(value["contents"]) && value["contents"].every(isContent)

const isContent = ({ blob, text, uri }: Readonly<Record<string, unknown>>): boolean =>
  typeof uri === "string" && (typeof text === "string" || text === undefined && typeof blob === "string")

/** Many servers say null for the one of the two that is not there. */
const withoutNulls = (value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  isList(value["contents"])
    ? {
      ...value,
      contents: value["contents"].map((content) =>
        Object.fromEntries(Object.entries(content).filter(([, field]) => field !== null))
      )
    }
    : value

export const readResourceResult: Check<ReadResourceResult> = (value) => {
  if (isReadResult(value)) return { value }
  const read = withoutNulls(value)
  return isReadResult(read) ? { value: read } : "the result has no list of contents, each with a uri and text or a blob"
}

const isPromptResult = (value: Readonly<Record<string, unknown>>): value is GetPromptResult =>
  isList(value["messages"]) && value["messages"].every(({ content }) => isRecord(content) || isList(content))

export const getPromptResult: Check<GetPromptResult> = (value) =>
  isPromptResult(value) ? { value } : "the result has no list of messages, each with content"

const isCompletion = (value: Readonly<Record<string, unknown>>): value is CompleteResult => {
  const { completion } = value
  return isRecord(completion) && Array.isArray(completion["values"]) &&
    completion["values"].every((item) => typeof item === "string")
}

export const completeResult: Check<CompleteResult> = (value) =>
  isCompletion(value) ? { value } : "the result has no completion with a list of values"

export interface Page {
  readonly items: ReadonlyArray<unknown>
  readonly nextCursor: string | undefined
}

export const page = (key: string): Check<Page> => (value) => {
  const items = value[key]
  if (!Array.isArray(items)) return `the result has no list of ${key}`
  const cursor = value["nextCursor"]
  return { value: { items, nextCursor: typeof cursor === "string" && cursor !== "" ? cursor : undefined } }
}
