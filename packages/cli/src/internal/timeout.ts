import type { CallOptions } from "@universal-mcp/core/McpSession"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { parseDuration } from "./duration.ts"
import type { UsageError } from "./errors.ts"

/** `--timeout`, of every command that makes one request. */
export const timeout = Flag.String("timeout").pipe(
  Flag.withMetavar("DURATION"),
  Flag.withDescription("How long the request may take, such as 500ms, 30s, 2m; default: the server's, or 60s"),
  Flag.optional
)

export const withTimeout = (given: Option.Option<string>): Effect.Effect<CallOptions, UsageError> =>
  Option.isNone(given)
    ? Effect.succeed({})
    : Effect.map(parseDuration(given.value), (duration) => ({ timeout: duration }))
