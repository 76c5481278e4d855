/**
 * Answers to servers that want a language model to write something for them.
 *
 * Provide the service to the layer of a session, and the session advertises it.
 *
 * ```ts
 * import { McpServer } from "@modelcontextprotocol/server"
 * import * as McpSession from "@universal-mcp/core/McpSession"
 * import * as Sampling from "@universal-mcp/core/Sampling"
 * import * as InMemoryTransport from "@universal-mcp/transports/InMemoryTransport"
 * import { Effect, Layer } from "effect"
 *
 * const server = new McpServer({ name: "demo", version: "1.0.0" })
 * server.registerTool("summarize", {}, async () => {
 *   const written = await server.server.createMessage({
 *     messages: [{ role: "user", content: { type: "text", text: "a long text" } }],
 *     maxTokens: 100
 *   })
 *   return { content: [{ type: "text", text: `${written.model} wrote it` }] }
 * })
 * const Model = Layer.succeed(Sampling.Sampling, {
 *   createMessage: () =>
 *     Effect.succeed({ model: "small-1", role: "assistant", content: { type: "text", text: "a text" } })
 * })
 * const Demo = InMemoryTransport.layer({ name: "demo", server }).pipe(Layer.provide(Model))
 * const summary = McpSession.McpSession.use((session) => session.callTool("summarize")).pipe(Effect.provide(Demo))
 * const { content } = await Effect.runPromise(summary)
 * content // => [{ type: "text", text: "small-1 wrote it" }]
 * ```
 *
 * Follows the chapter "Sampling" of revisions 2024-11-05 to 2026-07-28, the last of which deprecates it: servers should
 * call a model themselves.
 *
 * @since 0.1.0
 */
import type {
  CreateMessageRequestParams,
  CreateMessageResult,
  CreateMessageResultWithTools
} from "@modelcontextprotocol/client"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

/**
 * What a server wants written, and which one. Keys that are not known here are passed through.
 *
 * @category models
 * @since 0.1.0
 */
export type SamplingRequest = CreateMessageRequestParams & {
  /** The name we gave the server. */
  readonly server: string
}

/**
 * What the model wrote; with tools, the content may be a list and hold calls of them.
 *
 * @category models
 * @since 0.1.0
 */
export type SamplingResult = CreateMessageResult | CreateMessageResultWithTools

/**
 * The server does not get what it wanted. It is told the code and the description.
 *
 * @category errors
 * @since 0.1.0
 */
export class SamplingRejected extends Schema.TaggedError<SamplingRejected>()("SamplingRejected", {
  /** Default: -1, the specification's for a user who said no. */
  code: Schema.optionalKey(Schema.Int),
  /** Default: "User rejected sampling request". */
  description: Schema.optionalKey(Schema.String)
}) {
  override get message(): string {
    return this.description ?? "User rejected sampling request"
  }
}

/**
 * Has a language model write for servers.
 *
 * When to use: where you let servers use your model, at your cost. The specification wants a person to be able to see
 * and refuse what is asked and what is answered. The fiber that writes is interrupted when the server takes its request
 * back or is gone.
 *
 * @category services
 * @since 0.1.0
 */
export class Sampling extends Context.Service<Sampling, {
  readonly createMessage: (request: SamplingRequest) => Effect.Effect<SamplingResult, SamplingRejected>
  /** Whether requests may bring tools for the model. Default: no, and those that do are refused without being seen here. */
  readonly tools?: boolean | undefined
}>()("@universal-mcp/core/Sampling") {}

/**
 * Rejects everything, as a user who always says no.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerDeny: Layer.Layer<Sampling> = Layer.succeed(Sampling, {
  createMessage: () => Effect.fail(new SamplingRejected({}))
})
