/**
 * A session as Effect's own MCP client, `effect/ai/McpClient`: whatever takes one takes any server that we can reach.
 *
 * When to use: to give a server's tools to a language model as a toolkit. Everything else is easier with the session
 * itself, which does more and fails with more to say.
 *
 * ```ts
 * import { McpServer } from "@modelcontextprotocol/server"
 * import * as AiMcpClient from "@universal-mcp/core/AiMcpClient"
 * import * as InMemoryTransport from "@universal-mcp/transports/InMemoryTransport"
 * import { Effect, Layer } from "effect"
 * import * as McpClient from "effect/ai/McpClient"
 *
 * const server = new McpServer({ name: "demo", version: "1.0.0" })
 * server.registerTool("now", {}, () => ({ content: [{ type: "text", text: "12:00" }] }))
 * const Demo = AiMcpClient.layer.pipe(Layer.provide(InMemoryTransport.layer({ name: "demo", server })))
 *
 * const program = McpClient.McpClient.use((client) => McpClient.toolkit(client, "demo__"))
 * const { tools } = await Effect.runPromise(program.pipe(Effect.provide(Demo)))
 * Object.keys(tools) // => ["demo__now"]
 * ```
 *
 * `effect/ai/McpClient` is experimental: this module may change in step with it.
 *
 * @since 0.1.0
 */
import * as McpClient from "effect/ai/McpClient"
import {
  ClosedError,
  HttpError,
  LimitError,
  McpClientError,
  type McpClientErrorReason,
  ProtocolError,
  TimeoutError,
  ToolError,
  UnsupportedError,
  ValidationError
} from "effect/ai/McpClientError"
import * as McpSchema from "effect/ai/McpSchema"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as revisions from "./internal/revisions.ts"
import { oneLine } from "./internal/words.ts"
import { CallError, ToolNotFound } from "./McpError.ts"
import { McpSession } from "./McpSession.ts"

/**
 * The session as `effect/ai`'s client. It ends with the session.
 *
 * - `protocolVersion` knows two revisions: sessions of the legacy era, whatever theirs, say `2025-11-25`.
 * - Calls without a `timeout` have that of the session, 60 s unless the server is configured otherwise.
 * - Items of a list that `effect/ai` does not know how to read are left out; a result that it does not know how to read
 *   is a `ValidationError`.
 * - Arguments may hold `bigint`. Integers beyond 2^53 in results are the nearest number, which is told in the session's
 *   `warnings`.
 * - Names of tools that models do not take make `McpClient.toolkit` fail, as with any client.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromSession = (session: McpSession["Service"]): McpClient.McpClient => {
  const { era, instructions, name, title, version } = session.server

  const call = ({ arguments: args, tool }: CallParams, options?: Options) =>
    session.callTool(tool.name, args, options).pipe(
      Effect.mapError(toMcpClientError),
      Effect.flatMap(decodeWith(McpSchema.CallToolResult))
    )

  function callTool(
    params: CallParams & { readonly schema?: undefined },
    options?: Options
  ): Effect.Effect<McpSchema.CallToolResult, McpClientError>
  function callTool<S extends Schema.Top>(
    params: CallParams & { readonly schema: S },
    options?: Options
  ): Effect.Effect<S["Type"], McpClientError, S["DecodingServices"]>
  function callTool<S extends Schema.Top = never>(
    params: CallParams & { readonly schema?: S | undefined },
    options?: Options
  ): Effect.Effect<McpSchema.CallToolResult | S["Type"], McpClientError, S["DecodingServices"]>
  function callTool<S extends Schema.Top>(
    params: CallParams & { readonly schema?: S | undefined },
    options?: Options
  ): Effect.Effect<McpSchema.CallToolResult | S["Type"], McpClientError, S["DecodingServices"]> {
    const { schema } = params
    if (schema === undefined) return call(params, options)
    return Effect.flatMap(call(params, options), (result) =>
      result.isError === true
        ? Effect.fail(failed(new ToolError({ result })))
        : decodeWith(schema)(result.structuredContent))
  }

  return {
    "~effect/ai/McpClient": "~effect/ai/McpClient",
    protocolVersion: era === "modern" ? revisions.modern[0] : revisions.legacy[0],
    serverInfo: McpSchema.Implementation.make({ name, version, ...(title === undefined ? {} : { title }) }),
    instructions,
    listTools: list("tools/list", session.listTools, McpSchema.Tool),
    listPrompts: list("prompts/list", session.listPrompts, McpSchema.Prompt),
    listResources: list("resources/list", session.listResources, McpSchema.Resource),
    getPrompt: (params, options) =>
      session.getPrompt(params.prompt.name, params.arguments, options).pipe(
        Effect.mapError(toMcpClientError),
        Effect.flatMap(decodeWith(McpSchema.GetPromptResult))
      ),
    readResource: ({ uri }, options) =>
      session.readResource(uri, options).pipe(
        Effect.mapError(toMcpClientError),
        Effect.flatMap(decodeWith(McpSchema.ReadResourceResult))
      ),
    callTool
  }
}

/**
 * The session around as `effect/ai`'s client.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<McpClient.McpClient, never, McpSession> = Layer.effect(
  McpClient.McpClient,
  Effect.map(McpSession, fromSession)
)

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

interface Options {
  readonly timeout?: Duration.Input | undefined
}

interface CallParams {
  readonly tool: McpSchema.Tool
  readonly arguments?: typeof McpSchema.CallTool.payloadSchema.Type["arguments"]
}

/** Servers in the same process give keys that are `undefined`, which JSON and the schemas do not have. */
const asJson = (value: unknown): unknown =>
  Result.getOrElse(Result.try((): unknown => JSON.parse(JSON.stringify(value))), () => value)

const failed = (reason: McpClientErrorReason): McpClientError => new McpClientError({ reason })

const decodeWith = <S extends Schema.Top>(schema: S) => {
  const decode = Schema.decodeUnknownEffect(schema)
  return (value: unknown): Effect.Effect<S["Type"], McpClientError, S["DecodingServices"]> =>
    decode(value).pipe(
      Effect.catch(() => decode(asJson(value))),
      Effect.mapError((cause) =>
        failed(new ValidationError({ description: "the result is not what it should be", cause }))
      )
    )
}

const list = <A, S extends Schema.ConstraintDecoder<unknown>>(
  method: string,
  items: Effect.Effect<ReadonlyArray<A>, CallError>,
  schema: S
) => {
  const decode = Schema.decodeUnknownOption(schema)
  return ({ timeout }: Options = {}): Effect.Effect<ReadonlyArray<S["Type"]>, McpClientError> => {
    const all = Effect.mapBoth(items, {
      onFailure: toMcpClientError,
      onSuccess: (found) =>
        found.flatMap((item) => Option.toArray(Option.orElse(decode(item), () => decode(asJson(item)))))
    })
    return timeout === undefined
      ? all
      : Effect.timeoutOrElse(all, {
        duration: timeout,
        orElse: () => Effect.fail(failed(new TimeoutError({ operation: method })))
      })
  }
}

const toMcpClientError = (error: Error): McpClientError => {
  if (error instanceof CallError) return failed(reasonOf(error))
  // What the protocol has for it.
  if (error instanceof ToolNotFound) {
    return failed(new ProtocolError({ code: -32602, description: error.message, cause: error }))
  }
  return failed(new ValidationError({ description: error.message, cause: error }))
}

const reasonOf = (error: CallError): McpClientErrorReason => {
  const { message: description, method, reason } = error
  switch (reason._tag) {
    case "Timeout":
      return new TimeoutError({ operation: method })
    case "Closed":
      return new ClosedError({ description })
    case "SessionExpired":
      return new ClosedError({ description, sessionExpired: true })
    case "Unauthorized":
      return new HttpError({ status: reason.status, description, wwwAuthenticate: reason.wwwAuthenticate })
    case "Rejected": {
      const { data, retryAfter, status } = reason
      // Their messages add the code.
      const description = `${method} on "${error.server}" failed: ${oneLine(reason.description)}`
      const code = Number.isSafeInteger(reason.code) && reason.code !== status ? reason.code : undefined
      return status === undefined
        ? new ProtocolError({ code, data, description, cause: error })
        : new HttpError({
          status,
          code,
          data,
          description,
          retryAfter: retryAfter === undefined ? undefined : String(Math.ceil(retryAfter / 1000))
        })
    }
    case "TooLarge":
    case "Unavailable":
      return new LimitError({ description })
    case "Unsupported":
      return new UnsupportedError({ description })
    case "InvalidArguments":
    case "InvalidResult":
      return new ValidationError({ description, cause: error })
  }
}
