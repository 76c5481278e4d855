/** An error as people and programs get it: lines on stderr, or one line of JSON, and an exit code. */
import { checkUrl } from "@universal-mcp/core/Elicitation"
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
import { isObject, type JsonObject } from "../internal/jsonSchema.ts"
import { labelled, quoteLine, serverLabel } from "./quote.ts"
import type { Style } from "./Screen.ts"
import { plural, truncate, unlines } from "./text.ts"

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

/** `error: …`, the pages that the server wants visited first, and `hint: …` where there is one. */
export const lines = (error: Failure, style: Style, width: number): SafeText.SafeText => {
  const hint = hintOf(error)
  return unlines([
    labelled(SafeText.format`error:`, error.message, width, style.red),
    ...pages(error, width),
    ...(hint === undefined ? [] : [labelled(SafeText.format`hint:`, hint, width, style.cyan)])
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
const pages = (error: Failure, width: number): ReadonlyArray<SafeText.SafeText> => {
  if (error._tag !== "CallError" || error.reason._tag !== "Rejected" || error.reason.code !== -32042) return []
  const { elicitations } = isObject(error.reason.data) ? error.reason.data : {}
  const all = Array.isArray(elicitations) ? elicitations : []
  const label = serverLabel(error.server)
  return [
    ...all.slice(0, mostPages).map((page) => quoteLine(label, pageText(isObject(page) ? page : {}), width)),
    ...(all.length > mostPages ? [SafeText.format`  … ${plural(all.length - mostPages, "more page")}`] : [])
  ]
}

const mostPages = 8

/** The URL comes first, where no message is too long for it to be seen. */
const pageText = ({ message, url }: JsonObject): string => {
  const shown = Result.match(checkUrl(url), {
    onSuccess: (href) => `asks to open ${href}`,
    onFailure: (issue) => `asks to open a page that is not shown, because its url ${issue}`
  })
  return typeof message === "string" ? `${shown} (${message.slice(0, longestMessage)})` : shown
}

const longestMessage = 500

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
