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
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { PersonTime } from "./internal/personTime.ts"

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
 * and refuse what is asked and what is answered: put that part into `askPerson`. The fiber that writes is interrupted
 * when the server takes its request back or is gone, and after `timeout`. While it writes, the time of the server's call
 * runs on. How many questions a server may ask is an option of its configuration, `questions`.
 *
 * @category services
 * @since 0.1.0
 */
export class Sampling extends Context.Service<Sampling, {
  readonly createMessage: (request: SamplingRequest) => Effect.Effect<SamplingResult, SamplingRejected>
  /** Whether requests may bring tools for the model. Default: no, and those that do are refused without being seen here. */
  readonly tools?: boolean | undefined
  /**
   * How long one `createMessage` may take, the time within `askPerson` not counted; the server is then refused with the
   * code -32001. May be infinite. Default `defaultTimeout`: 5 minutes.
   */
  readonly timeout?: Duration.Input | undefined
}>()("@universal-mcp/core/Sampling") {}

/**
 * How long a model may write where the service has no `timeout`: 5 minutes.
 *
 * When to use: to give a service a limit in proportion to the default one.
 *
 * ```ts
 * import * as Sampling from "@universal-mcp/core/Sampling"
 * import { Duration } from "effect"
 *
 * Duration.toMinutes(Sampling.defaultTimeout) // => 5
 * ```
 *
 * @category constants
 * @since 0.1.0
 */
export const defaultTimeout: Duration.Duration = Duration.minutes(5)

/**
 * Marks the part of a `createMessage` in which a person is asked: its time counts neither for the call of the server nor
 * for the `timeout` of the service.
 *
 * When to use: around a question to a person, such as for approval, and around nothing else: a model that hangs within it
 * holds the call for ever. Elicitation needs no such mark.
 *
 * ```ts
 * import * as Sampling from "@universal-mcp/core/Sampling"
 * import { Effect, Layer } from "effect"
 *
 * const approved = Effect.succeed(true) // a dialog, as a rule
 * const write = Effect.succeed({
 *   model: "small-1",
 *   role: "assistant" as const,
 *   content: { type: "text" as const, text: "a text" }
 * })
 * const Model = Layer.succeed(Sampling.Sampling, {
 *   timeout: "1 minute",
 *   createMessage: () =>
 *     Effect.flatMap(
 *       Sampling.askPerson(approved),
 *       (yes) => yes ? write : Effect.fail(new Sampling.SamplingRejected({}))
 *     )
 * })
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const askPerson = <A, E, R>(question: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(PersonTime, ({ during }) => during(question))

/**
 * Rejects everything, as a user who always says no.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerDeny: Layer.Layer<Sampling> = Layer.succeed(Sampling, {
  createMessage: () => Effect.fail(new SamplingRejected({}))
})
