/** The command line's own errors; all others are core's. */
import * as SafeText from "@universal-mcp/core/SafeText"
import * as Data from "effect/Data"
import * as Schema from "effect/Schema"
import { members } from "../render/signature.ts"
import { truncate } from "../render/text.ts"

/** The command line does not make sense. */
export class UsageError extends Schema.TaggedError<UsageError>()("UsageError", {
  description: Schema.String,
  hint: Schema.optionalKey(Schema.String)
}) {
  override get message(): string {
    return this.description
  }
}

/** An argument of a tool that its input schema does not allow. */
export class InvalidArgument extends Schema.TaggedError<InvalidArgument>()("InvalidArgument", {
  server: Schema.String,
  tool: Schema.String,
  argument: Schema.String,
  expected: Schema.String,
  found: Schema.String,
  hint: Schema.optionalKey(Schema.String)
}) {
  override get message(): string {
    return `argument "${this.argument}" of "${this.tool}" on "${this.server}" must be ${this.expected}, found ${this.found}`
  }
}

/** Arguments that a tool or a prompt requires and that were not given. */
export class MissingArguments extends Schema.TaggedError<MissingArguments>()("MissingArguments", {
  server: Schema.String,
  tool: Schema.optionalKey(Schema.String),
  prompt: Schema.optionalKey(Schema.String),
  missing: Schema.Array(Schema.String),
  hint: Schema.optionalKey(Schema.String)
}) {
  override get message(): string {
    return `"${this.tool ?? this.prompt}" on "${this.server}" needs ${
      this.missing.length === 1 ? "the argument" : "the arguments"
    } ${quoted(this.missing)}`
  }
}

/** A prompt that a server refused and that its list lacks. */
export class PromptNotFound extends Schema.TaggedError<PromptNotFound>()("PromptNotFound", {
  server: Schema.String,
  prompt: Schema.String,
  closest: Schema.Array(Schema.String),
  hint: Schema.optionalKey(Schema.String)
}) {
  override get message(): string {
    return `"${this.server}" has no prompt "${this.prompt}"${didYouMean(this.closest)}`
  }
}

/** An argument that a prompt does not have, or a variable that a resource template does not have. */
export class UnknownArgument extends Schema.TaggedError<UnknownArgument>()("UnknownArgument", {
  server: Schema.String,
  prompt: Schema.optionalKey(Schema.String),
  template: Schema.optionalKey(Schema.String),
  argument: Schema.String,
  closest: Schema.Array(Schema.String),
  hint: Schema.optionalKey(Schema.String)
}) {
  override get message(): string {
    const what = this.prompt === undefined
      ? `"${this.template}" has no variable`
      : `"${this.prompt}" on "${this.server}" has no argument`
    return `${what} "${this.argument}"${didYouMean(this.closest)}`
  }
}

/** A server asked something, and nobody is there to answer. */
export class ElicitationRequired extends Schema.TaggedError<ElicitationRequired>()("ElicitationRequired", {
  server: Schema.String,
  mode: Schema.Literals(["form", "url"]),
  question: Schema.String,
  url: Schema.optionalKey(Schema.String),
  requestedSchema: Schema.optionalKey(Schema.Unknown),
  hint: Schema.optionalKey(Schema.String)
}) {
  override get message(): string {
    const asked = this.url === undefined ? members(this.requestedSchema) : [this.url]
    return `"${this.server}" asks, and there is no terminal to answer on: ${SafeText.line(this.question)}${
      asked.length === 0 ? "" : truncate(SafeText.format` (${SafeText.line(asked.join(", "))})`, 500)
    }`
  }
}

/** No configuration was found in any of the places where one is looked for. */
export class ConfigNotFound extends Schema.TaggedError<ConfigNotFound>()("ConfigNotFound", {
  looked: Schema.Array(Schema.String),
  hint: Schema.optionalKey(Schema.String)
}) {
  override get message(): string {
    return `no configuration found; looked for ${this.looked.join(", ")}`
  }
}

/** Everything is said; only the exit code is left. */
export class ExitWith extends Data.TaggedError("ExitWith")<{ readonly code: number }> {}

const quoted = (names: ReadonlyArray<string>): string => names.map((name) => `"${name}"`).join(", ")

const didYouMean = (closest: ReadonlyArray<string>): string =>
  closest.length === 0 ? "" : `; did you mean ${quoted(closest)}?`
