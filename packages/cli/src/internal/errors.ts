/** The command line's own errors; all others are core's. */
import * as Data from "effect/Data"
import * as Schema from "effect/Schema"

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

/** Arguments that a tool requires and that were not given. */
export class MissingArguments extends Schema.TaggedError<MissingArguments>()("MissingArguments", {
  server: Schema.String,
  tool: Schema.String,
  missing: Schema.Array(Schema.String),
  hint: Schema.optionalKey(Schema.String)
}) {
  override get message(): string {
    const names = this.missing.map((name) => `"${name}"`).join(", ")
    return `"${this.tool}" on "${this.server}" needs ${
      this.missing.length === 1 ? "the argument" : "the arguments"
    } ${names}`
  }
}

/** A server asked something, and nobody is there to answer. */
export class ElicitationRequired extends Schema.TaggedError<ElicitationRequired>()("ElicitationRequired", {
  server: Schema.String,
  mode: Schema.Literals(["form", "url"]),
  question: Schema.String,
  url: Schema.optionalKey(Schema.String),
  hint: Schema.optionalKey(Schema.String)
}) {
  override get message(): string {
    const page = this.url === undefined ? "" : ` (${this.url})`
    return `"${this.server}" asks, and there is no terminal to answer on: ${
      this.question.replaceAll(/\s+/g, " ").trim()
    }${page}`
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
