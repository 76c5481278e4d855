import type { CallOptions } from "@universal-mcp/core/McpSession"
import * as Flag from "effect/cli/Flag"
import type * as Duration from "effect/Duration"
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

/** `--timeout`, of every command that asks many servers. */
export const deadline = Flag.String("timeout").pipe(
  Flag.withMetavar("DURATION"),
  Flag.withDescription(
    "How long all servers together may take; default: 20s, or for one server what it is configured to"
  ),
  Flag.optional
)

export const withDeadline = (given: Option.Option<string>): Effect.Effect<Duration.Duration | undefined, UsageError> =>
  Option.isNone(given) ? Effect.succeed(undefined) : parseDuration(given.value)

export const withTimeout = (given: Option.Option<string>): Effect.Effect<CallOptions, UsageError> =>
  Option.isNone(given)
    ? Effect.succeed({})
    : Effect.map(parseDuration(given.value), (duration) => ({ timeout: duration }))
