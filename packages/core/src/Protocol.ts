/**
 * The protocol's own types, as the official SDK declares them, under the names of the specification; and its revisions.
 *
 * @since 0.1.0
 */
import type * as sdk from "@modelcontextprotocol/client"
import * as revisions from "./internal/revisions.ts"

/**
 * Whether a protocol revision, such as a pinned `protocolVersion`, is of the modern era: every request says for itself
 * what it needs, and there is no `initialize`.
 *
 * ```ts
 * import * as Protocol from "@universal-mcp/core/Protocol"
 *
 * Protocol.isModernRevision("2025-11-25") // => false
 * ```
 *
 * @category guards
 * @since 0.1.0
 */
export const isModernRevision = (revision: string): revision is typeof revisions.modern[number] =>
  revisions.modern.some((modern) => modern === revision)

export type {
  Annotations,
  BlobResourceContents,
  CompleteRequestParams,
  ContentBlock,
  Icon,
  Implementation,
  JSONRPCMessage,
  LoggingLevel,
  LoggingMessageNotificationParams,
  Progress,
  Prompt,
  PromptArgument,
  PromptMessage,
  PromptReference,
  RequestId,
  Resource,
  ResourceTemplateReference,
  ResourceTemplateType as ResourceTemplate,
  ResourceUpdatedNotificationParams as ResourceUpdated,
  ServerCapabilities,
  TextResourceContents,
  Tool
} from "@modelcontextprotocol/client"

/**
 * What the client adds to a result where something in it is not what the server sent: numbers that JavaScript cannot
 * hold, a line each with their place. Not there where nothing changed. See `exactNumbers` in `McpSession.CallOptions`.
 *
 * A server may have `warnings` of its own in a result. If they are a list of texts, ours are behind them; anything else
 * stays as the server sent it, and ours are only in the session's.
 *
 * @category models
 * @since 0.1.0
 */
export interface Warnings {
  readonly warnings?: ReadonlyArray<string>
}

/**
 * The result of a tool.
 *
 * @category models
 * @since 0.1.0
 */
export type CallToolResult = sdk.CallToolResult & Warnings

/**
 * The contents of a resource.
 *
 * @category models
 * @since 0.1.0
 */
export type ReadResourceResult = sdk.ReadResourceResult & Warnings

/**
 * The messages of a prompt.
 *
 * @category models
 * @since 0.1.0
 */
export type GetPromptResult = sdk.GetPromptResult & Warnings

/**
 * Values that an argument may have.
 *
 * @category models
 * @since 0.1.0
 */
export type CompleteResult = sdk.CompleteResult & Warnings
