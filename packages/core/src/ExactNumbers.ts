/**
 * JSON whose numbers keep their value, also those that JavaScript cannot hold: 64-bit integers, long decimals.
 *
 * `exactNumbers: true` on a call is all that most programs need. This module is for programs that read or write JSON
 * themselves.
 *
 * ```ts
 * import * as ExactNumbers from "@universal-mcp/core/ExactNumbers"
 * import { Result } from "effect"
 *
 * const row = Result.getOrThrow(ExactNumbers.parse("{\"id\":1915883588174806058,\"count\":2}"))
 * row // => { id: 1915883588174806058n, count: 2 }
 * ExactNumbers.stringify(row) // => "{\"id\":1915883588174806058,\"count\":2}"
 * ```
 *
 * Needs `JSON.rawJSON`: Node 22, Chrome 114, Firefox 135, Safari 18.4, or newer.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Result from "effect/Result"
import * as numbers from "./internal/numbers.ts"

/**
 * Whether sessions remember the digits of every number that comes, for `stringify` to write them again: `1.10` stays
 * `1.10`, and `1e400` stays what it is. Results then carry no warnings about numbers. Default: `false`.
 *
 * When to use: in a program that prints what servers send, or passes it on. Provide it to the layers of the sessions.
 * Reading an answer takes several times as long. Results stay plain numbers, and lose their digits when they are copied.
 * Digits that are nested too deeply are lost (about 2,000 levels), and a warning says so where that changes a number.
 *
 * ```ts
 * import { Server } from "@modelcontextprotocol/server"
 * import * as ExactNumbers from "@universal-mcp/core/ExactNumbers"
 * import * as InMemoryTransport from "@universal-mcp/transports/InMemoryTransport"
 * import { Effect, Result } from "effect"
 *
 * const server = new Server({ name: "shop", version: "1.0.0" }, { capabilities: { tools: {} } })
 * const sold = Result.getOrThrow(ExactNumbers.parseRaw("{\"price\":1.10,\"grains\":1e400}"))
 * server.setRequestHandler("tools/call", () => ({ content: [], structuredContent: Object(sold) }))
 * const printed = InMemoryTransport.make({ name: "shop", server }).pipe(
 *   Effect.flatMap((session) => session.callTool("sell")),
 *   Effect.map((result) => ExactNumbers.stringify(result.structuredContent)),
 *   Effect.provideService(ExactNumbers.KeepDigits, true),
 *   Effect.scoped
 * )
 * await Effect.runPromise(printed) // => "{\"price\":1.10,\"grains\":1e400}"
 * ```
 *
 * @category references
 * @since 0.1.0
 */
export const KeepDigits = Context.Reference<boolean>("@universal-mcp/core/ExactNumbers/KeepDigits", {
  defaultValue: () => false
})

/**
 * Reads JSON; integers beyond 2^53 are `bigint`, of up to 4,300 digits, or 500 where an exponent writes them (1e400).
 * Fails with what is wrong with the text.
 *
 * @category decoding
 * @since 0.1.0
 */
export const parse = (text: string): Result.Result<unknown, string> => attempt(() => numbers.parseExact(text))

/**
 * Reads JSON that is only to be written again: every number that JavaScript would write in another way is what
 * `JSON.rawJSON` makes of it, which `JSON.stringify` writes with its digits. Fails with what is wrong with the text.
 *
 * When to use: for arguments that somebody typed. A call sends them digit by digit.
 *
 * @category decoding
 * @since 0.1.0
 */
export const parseRaw = (text: string): Result.Result<unknown, string> => attempt(() => numbers.parseRaw(text))

/**
 * Writes JSON: a `bigint` as its digits, and what a server sent with the digits that came, as far as they were
 * remembered (see `KeepDigits`). `space` indents, as with `JSON.stringify`.
 *
 * @category encoding
 * @since 0.1.0
 */
export const stringify: (value: unknown, space?: number) => string | undefined = numbers.stringify

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const attempt = (read: () => unknown): Result.Result<unknown, string> =>
  Result.try({ try: read, catch: (cause) => cause instanceof Error ? cause.message : String(cause) })
