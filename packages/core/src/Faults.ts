/**
 * Makes transports fail on purpose, to see what becomes of a program when they do: messages that are lost, late, twice
 * or garbage, connections that are cut or mute, sessions that expire, servers that die.
 *
 * What happens to a message depends on the seed, the server's name and on which it is of its method and direction, and on
 * nothing else: the same program meets the same faults again, whatever the timing.
 *
 * ```ts
 * import { McpServer } from "@modelcontextprotocol/server"
 * import * as Faults from "@universal-mcp/core/Faults"
 * import * as McpSession from "@universal-mcp/core/McpSession"
 * import * as InMemoryTransport from "@universal-mcp/transports/InMemoryTransport"
 * import { Effect, Layer } from "effect"
 *
 * const server = new McpServer({ name: "demo", version: "1.0.0" })
 * server.registerTool("echo", {}, () => ({ content: [] }))
 * const Demo = InMemoryTransport.layer({ name: "demo", server }).pipe(
 *   Layer.provide(Faults.layer({ seed: 1, drop: { probability: 1, methods: ["tools/call"], times: 1 } }))
 * )
 *
 * const program = Effect.gen(function*() {
 *   const session = yield* McpSession.McpSession
 *   const lost = yield* Effect.flip(session.callTool("echo", {}, { timeout: "50 millis" }))
 *   const answered = yield* session.callTool("echo")
 *   return [lost.message, answered.content]
 * })
 * await Effect.runPromise(program.pipe(Effect.provide(Demo))) // => ["tools/call on \"demo\" failed: no answer within 50 ms", []]
 * ```
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Layer from "effect/Layer"
import * as faulty from "./internal/faulty.ts"
import { TransportDecorator } from "./internal/transportDecorator.ts"

/**
 * Which way a message goes: `send` is to the server.
 *
 * @category models
 * @since 0.1.0
 */
export type Direction = "send" | "receive"

/**
 * How often a fault hits, and what.
 *
 * @category models
 * @since 0.1.0
 */
export interface Fault {
  /** From 0 to 1, for each message that it can hit. */
  readonly probability: number
  /** Default: both. */
  readonly direction?: Direction | undefined
  /** Such as `tools/call`: its requests and, in the other direction, their answers. Default: every message. */
  readonly methods?: ReadonlyArray<string> | undefined
  /** How often at most, for each server. Default: as often as it comes. */
  readonly times?: number | undefined
}

/**
 * The faults, each with a probability or with more than that; none unless it is named. Where several would hit the same
 * message, the first in this order does.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The same seed brings the same faults. */
  readonly seed: number
  /** The server dies: a process gets SIGKILL, everything else is cut. A message that is being sent is on its way. */
  readonly kill?: number | Fault | undefined
  /** The connection ends, and the server is not told. A message that is being sent is on its way. */
  readonly cut?: number | Fault | undefined
  /** Nothing goes through any more, in either direction, but the connection stays. */
  readonly hang?: number | Fault | undefined
  /** A request is refused because the server no longer knows our session, as by HTTP 404; not one of the handshake. */
  readonly expire?: number | Omit<Fault, "direction"> | undefined
  /** The message is lost. */
  readonly drop?: number | Fault | undefined
  /** Instead of the server's message there comes something that is none. */
  readonly garbage?: number | Omit<Fault, "direction"> | undefined
  /** The message comes twice. A server may then do twice what it is asked once. */
  readonly duplicate?: number | Fault | undefined
  /** The message comes later, by up to `by` (default 1 second); others may overtake it. */
  readonly delay?: number | (Fault & { readonly by?: Duration.Input | undefined }) | undefined
  /** Called with each fault as it hits. */
  readonly onFault?: ((hit: Hit) => void) | undefined
}

/**
 * A fault that hit.
 *
 * @category models
 * @since 0.1.0
 */
export interface Hit {
  readonly server: string
  readonly fault: "kill" | "cut" | "hang" | "expire" | "drop" | "garbage" | "duplicate" | "delay"
  readonly direction: Direction
  /** Of the message or, for an answer, of its request. */
  readonly method: string
  /** Which of its method and direction it was, counted from 1 over all connections. */
  readonly count: number
}

/**
 * Faults for every transport that the layer is provided to. Each time the layer is built the schedule begins anew.
 *
 * When to use: in tests, to see that a program survives what production does to it. `kill`, `cut`, `hang` and `expire` are
 * made good by the session itself where `reconnect` is on; a `drop` shows as a time-out.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<never> =>
  Layer.sync(TransportDecorator)(() => faulty.make(options))
