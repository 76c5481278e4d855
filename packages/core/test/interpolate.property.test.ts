/** `${VAR}` in a configuration: what is no reference stays as it is, and what cannot be filled in is named. */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, ConfigProvider, Effect, Schema } from "effect"
import { interpolate } from "../src/internal/interpolate.ts"

const run = (text: string, variables: Readonly<Record<string, string>> = {}) =>
  interpolate(text, "here").pipe(
    Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromUnknown(variables))
  )

const pieces = ["$", "{", "}", "$$", "\\", ":-", "A", "\n", "😀"]
const Text = Arbitrary.map(
  Arbitrary.array(Arbitrary.schema(Schema.Union([Schema.Literals(pieces), Schema.String]))),
  (words) => words.join("")
)
/** Nothing in it begins a reference. */
const Plain = Arbitrary.map(Text, (text) => text.replaceAll(/\$+\{+/g, "$"))
/** Not beside one either. */
const Before = Arbitrary.map(Plain, (text) => text.replace(/\$+$/, ""))
const Name = Schema.Literals(["A", "HOME_1", "_x", "Token"])
/** What a default may hold. */
const Default = Arbitrary.map(Text, (text) => text.replaceAll(/[}{]/g, ""))
const Written = Schema.Literals(["", "env:"])

describe("interpolate", () => {
  it.effect.prop("text without ${ is as it was", { text: Plain }, ({ text: plain }) =>
    Effect.gen(function*() {
      assert.strictEqual(yield* run(plain), plain)
    }))

  it.effect.prop(
    "$${ is ${, and what it stands before is not read",
    { text: Text },
    ({ text }) =>
      Effect.gen(function*() {
        const plain = text.replaceAll("${", "$").replaceAll("$", "-")
        assert.strictEqual(yield* run(`${plain}$\${${plain}`), `${plain}\${${plain}`)
      })
  )

  it.effect.prop(
    "a variable's value is put in as it is, whatever it looks like",
    { before: Before, value: Text, after: Plain, name: Name, written: Written, otherwise: Default },
    ({ after, before, name, otherwise, value, written }) =>
      Effect.gen(function*() {
        // An empty variable counts as not set.
        const set = `v${value}`
        assert.strictEqual(yield* run(`${before}\${${written}${name}}${after}`, { [name]: set }), before + set + after)
        assert.strictEqual(
          yield* run(`${before}\${${written}${name}:-${otherwise}}${after}`, { [name]: set }),
          before + set + after
        )
      })
  )

  it.effect.prop(
    "a default stands in for one that is missing",
    { before: Before, after: Plain, name: Name, otherwise: Default },
    ({ after, before, name, otherwise }) =>
      Effect.gen(function*() {
        assert.strictEqual(yield* run(`${before}\${${name}:-${otherwise}}${after}`), before + otherwise + after)
      })
  )

  it.effect.prop(
    "one that is missing without a default is named",
    { before: Before, after: Plain, name: Name },
    ({ after, before, name }) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(run(`${before}\${${name}}${after}`, { Another: "value" }))
        assert.deepInclude(error, { _tag: "ConfigError", path: "here" })
        assert.include(error.message, `the variable ${name}`)
      })
  )

  it.effect.prop(
    "anything is text or a ConfigError",
    { text: Text, set: Schema.Boolean },
    ({ set, text }) =>
      Effect.gen(function*() {
        const wild = `\${${text}\${A}${text}`
        const outcome = yield* Effect.result(run(wild, set ? { A: "a" } : {}))
        if (outcome._tag === "Failure") assert.deepInclude(outcome.failure, { _tag: "ConfigError", path: "here" })
      })
  )
})
