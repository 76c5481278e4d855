/** An error as people and programs get it: lines on stderr, or one line of JSON, and an exit code. */
import * as McpError from "@universal-mcp/core/McpError"
import * as SafeText from "@universal-mcp/core/SafeText"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import {
  ConfigNotFound,
  ElicitationRequired,
  InvalidArgument,
  MissingArguments,
  PromptNotFound,
  UnknownArgument,
  UsageError
} from "../internal/errors.ts"
import { exitCodes } from "../internal/exitCodes.ts"
import { isObject } from "../internal/jsonSchema.ts"
import type { Style } from "./Screen.ts"
import { truncate, unlines } from "./text.ts"

const Failure = Schema.Union([
  McpError.ConnectionError,
  McpError.ServerNotFound,
  McpError.ServerAlreadyExists,
  McpError.ToolNotFound,
  McpError.InvalidStructuredContent,
  McpError.CallError,
  McpError.ConfigError,
  UsageError,
  InvalidArgument,
  MissingArguments,
  PromptNotFound,
  UnknownArgument,
  ElicitationRequired,
  ConfigNotFound
])

/** What a command can fail with. */
export type Failure = typeof Failure.Type

export const exitCode = (error: Failure): number => {
  switch (error._tag) {
    case "ConnectionError":
      return error.phase === "auth" ? exitCodes.unauthorized : exitCodes.notConnected
    case "CallError":
      return error.reason._tag === "Unauthorized" ? exitCodes.unauthorized : exitCodes.requestFailed
    case "InvalidStructuredContent":
    case "ElicitationRequired":
      return exitCodes.requestFailed
    default:
      return exitCodes.usage
  }
}

/** `error: …`, what the server wants done first, and `hint: …` where there is one. */
export const lines = (error: Failure, style: Style): SafeText.SafeText => {
  const hint = hintOf(error)
  return unlines([
    SafeText.format`${style.red(SafeText.format`error:`)} ${SafeText.line(error.message)}`,
    ...pages(error).map((page) => SafeText.format`  ${SafeText.line(page)}`),
    ...(hint === undefined ? [] : [SafeText.format`${style.cyan(SafeText.format`hint:`)} ${SafeText.line(hint)}`])
  ])
}

/** `{"tag","message","hint", …own fields}` */
export const toJson = (error: Failure): Record<string, unknown> => {
  const hint = hintOf(error)
  const encoded: unknown = encode(error)
  // A result is the command's answer all the same, on stdout.
  const { _tag, cause, description, hint: _hint, result: _result, ...fields } = isObject(encoded) ? encoded : {}
  return {
    tag: _tag,
    message: error.message,
    ...(hint === undefined ? {} : { hint }),
    ...(description === undefined || description === error.message ? {} : { description }),
    ...tagged(fields),
    ...(cause === undefined ? {} : { cause: causeText(cause) })
  }
}

/** The error line of `--json`. */
export const jsonLine = (error: Failure): SafeText.SafeText => SafeText.json({ error: toJson(error) })

export const hintOf = (error: Failure): string | undefined => {
  switch (error._tag) {
    case "ServerNotFound":
      return error.available.length === 0 ? undefined : "`umcp servers` shows what is configured"
    case "ToolNotFound":
      return `\`umcp list ${error.server}\` shows its tools`
    case "ServerAlreadyExists":
      return undefined
    case "CallError":
      return error.reason._tag === "InvalidResult" && error.reason.partial !== undefined
        ? "what was read before that is printed all the same"
        : error.hint
    default:
      return error.hint
  }
}

/** The pages to visit before a tool may be called. Specification: 2025-11-25, URL Elicitation Required Error. */
const pages = (error: Failure): ReadonlyArray<string> => {
  if (error._tag !== "CallError" || error.reason._tag !== "Rejected" || error.reason.code !== -32042) return []
  const { elicitations } = isObject(error.reason.data) ? error.reason.data : {}
  return (Array.isArray(elicitations) ? elicitations : []).flatMap((one) =>
    isObject(one) && typeof one["url"] === "string"
      ? [typeof one["message"] === "string" ? `${one["message"]}: ${one["url"]}` : one["url"]]
      : []
  )
}

/** What is nested too deeply to be encoded is left out: its tag, message and hint are there. */
const encode = (error: Failure): unknown =>
  Result.getOrElse(
    Result.try((): unknown => Schema.encodeUnknownSync(Schema.toCodecJson(Failure))(error)),
    () => ({ _tag: error._tag })
  )

/** The reason of a call error has a tag and a cause of its own; what was read of a list is printed on stdout. */
const tagged = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> => {
  const { reason, ...rest } = fields
  if (!isObject(reason)) return rest
  const { _tag, cause, partial: _, ...own } = reason
  return { ...rest, reason: { tag: _tag, ...own, ...(cause === undefined ? {} : { cause: causeText(cause) }) } }
}

const causeText = (cause: unknown): string =>
  truncate(SafeText.line(isObject(cause) && typeof cause["message"] === "string" ? cause["message"] : cause), 300)
