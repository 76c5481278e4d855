/**
 * No regular expression of the packages takes more than linear time, whatever text it is given. Each is run on long texts
 * that make such expressions slow: runs of one character or word, before them what the expression begins with, behind
 * them what it does not want.
 */
import { assert, describe, it, vi } from "@effect/vitest"
import * as ServerConfig from "@universal-mcp/core/ServerConfig"
import * as Effect from "effect/Effect"
import { globSync, readFileSync } from "node:fs"
import { cpuTime } from "./fixtures/cpu.ts"
import { builtIn, type Found, regexesIn } from "./fixtures/regexes.ts"

const root = new URL("../../..", import.meta.url).pathname

const files = globSync("packages/*/src/**/*.ts", { cwd: root }).sort()

/** Those that never see more characters than this, because their module cuts the text before. */
const bounds = new Map([
  ["packages/core/src/internal/lastWords.ts", 1000],
  ["packages/core/src/internal/secretWords.ts", 4000],
  ["packages/transports/src/internal/status.ts", 4096]
])

/** How many expressions a module builds with `new RegExp` while it is loaded: these are run too. */
const builtOnLoad = new Map([
  ["packages/core/src/internal/secretWords.ts", 1],
  ["packages/transports/src/internal/oversized.ts", 3]
])

/** How many a module builds later, and from what: a test of its own runs them. */
const builtLater = new Map([
  // From the secrets of a configuration; see "that hides secrets" below.
  ["packages/core/src/internal/redact.ts", 1],
  // From a pattern of a schema, to see whether it is one: it is never run.
  ["packages/core/src/internal/schemaPatternSyntax.ts", 1]
])

const long = 10_000

/** In milliseconds of processor time: on a long text no expression comes near it that takes linear time. */
const much = 5

const units = [
  ..." \t\n\ra1=-/.@'\"[]{}()%\\:;#?<>é\0_,|+~^*$\u001b",
  "\r\n",
  "a ",
  "a.",
  "a/",
  "a@",
  "aB",
  "a:",
  "a,",
  "a=1",
  "1.1",
  "1e9",
  "${a",
  "$${",
  "\\\"",
  "//",
  "/*",
  "---\n",
  "\uFEFF---\n",
  "---a\n",
  "<script>",
  "\n- ",
  "  at a\n",
  "'a' "
]

const tails = ["", "!", "\n", "/", "@", "\""]

/** The words in an expression, as they would stand in a text. */
const wordsIn = (source: string): ReadonlyArray<string> => {
  const plain = source.replaceAll(/\\[sSdDwWbB]|\\u[0-9A-Fa-f]{4}|\\n|\\r|\(\?[:=!<]*/g, "\0").replaceAll("\\", "")
  return [...new Set(plain.split(/[^\w '":/@.,=<>`!-]+/).filter((word) => word.length > 1))].slice(0, 6)
}

const run = ({ flags, source }: Found, text: string): Effect.Effect<void> =>
  Effect.sync(() => {
    // As often as it matches, because that is how `replaceAll` uses it.
    if (flags.includes("y")) new RegExp(source, flags).exec(text)
    else text.replaceAll(new RegExp(source, `${flags.replace("g", "")}g`), "")
  })

/** The least of a few: what another thing costs this thread meanwhile, such as collecting garbage, is not its own. */
const cost = (regex: Found, text: string): Effect.Effect<number> =>
  Effect.gen(function*() {
    let least = Infinity
    for (let turn = 0; turn < 4 && least > much; turn++) least = Math.min(least, yield* cpuTime(run(regex, text)))
    return least
  })

const slow = Effect.fnUntraced(function*(regex: Found, length: number) {
  const words = wordsIn(regex.source)
  for (const prefix of ["", ...words]) {
    for (const unit of [...units, ...words]) {
      for (const tail of tails) {
        const text = (size: number) => prefix + unit.repeat(size / unit.length) + tail
        const whole = yield* cost(regex, text(length))
        if (whole <= much) continue
        const quarter = yield* cost(regex, text(length / 4))
        // Four times as much, were it linear.
        if (whole > 8 * quarter) return JSON.stringify([prefix, unit, tail])
      }
    }
  }
  return undefined
})

/** The expressions that `new RegExp` builds meanwhile. */
const recorded = (use: () => Promise<void>): Effect.Effect<ReadonlyArray<Found>> =>
  Effect.promise(async () => {
    const found: Array<Found> = []
    class Recorded extends RegExp {
      constructor(pattern: string | RegExp, flags?: string) {
        super(pattern, flags)
        found.push({ line: 0, source: this.source, flags: this.flags })
      }
    }
    vi.stubGlobal("RegExp", Recorded)
    await use().finally(() => vi.unstubAllGlobals())
    return found
  })

const load = (file: string): Promise<unknown> => {
  vi.resetModules()
  return import(root + file)
}

/** With blanks at the beginning, at the end and between, as they are and as URLs and JSON write them. */
const secretsWithBlanks = [
  "%20hunter2hunter2",
  "hunter2hunter2%09%0A",
  "%20%20hunter2%20%20hunter2%20%20",
  "+hunter2+hunter2+",
  "\\n hunter2 \\thunter2",
  "%E2%80%83hunter2hunter2",
  "%2520hunter2hunter2",
  "a%20b%20c%20d",
  "%20pw12"
]

describe("regular expressions", () => {
  it("are found, wherever they stand", () => {
    const source = [
      "#!/usr/bin/env node",
      "const half = size / 2 / count // not /this/",
      "const a = /[/\\]]+/gi, b = text.replace(/'\"/, `${c.map((d) => d / 2)} /no/ ${/yes/.test(`${e}`)}`)",
      "return /^return$/y"
    ]
    assert.deepStrictEqual(regexesIn(source.join("\n")), [
      { line: 3, source: "[/\\]]+", flags: "gi" },
      { line: 3, source: "'\"", flags: "" },
      { line: 3, source: "yes", flags: "" },
      { line: 4, source: "^return$", flags: "y" }
    ])
  })

  it.live.each(["\\s+$", "=+$", "<[^>]*>", "\\s*,", "^\\s*\\d+\\s*\\d*!$"])(
    "that are slow are found out: %s",
    (source) =>
      Effect.gen(function*() {
        assert.isDefined(yield* slow({ line: 1, source, flags: "" }, long))
      })
  )

  it.live.each(files)("take linear time in %s", (file) =>
    Effect.gen(function*() {
      for (const regex of regexesIn(readFileSync(root + file, "utf8"))) {
        const found = yield* slow(regex, bounds.get(file) ?? long)
        assert.isUndefined(found, `line ${regex.line}, /${regex.source}/${regex.flags}, is slow on a run of this`)
      }
    }))

  it("are built from text only where this test knows of it", () => {
    assert.strictEqual(builtIn("// new RegExp(a)\nconst a = 'new RegExp(b)'\nnew RegExp(`${new RegExp(d)}`)"), 2)
    for (const file of files) {
      const known = builtOnLoad.get(file) ?? builtLater.get(file) ?? 0
      assert.strictEqual(builtIn(readFileSync(root + file, "utf8")), known, `${file}: add it to a list of this test`)
    }
  })

  it.live.each([...builtOnLoad.keys()])("that are built take linear time in %s", (file) =>
    Effect.gen(function*() {
      const built = yield* recorded(async () => {
        await load(file)
      })
      assert.isNotEmpty(built)
      for (const regex of built) {
        const found = yield* slow(regex, bounds.get(file) ?? long)
        assert.isUndefined(found, `/${regex.source}/${regex.flags} is slow on a run of this`)
      }
    }))

  it.live.each(secretsWithBlanks)("that hide a secret take linear time: %s", (secret) =>
    Effect.gen(function*() {
      const built = yield* recorded(async () => {
        ServerConfig.redactor({ secrets: [secret] })?.("a text")
      })
      assert.isNotEmpty(built)
      for (const regex of built) {
        const found = yield* slow(regex, long)
        assert.isUndefined(found, `/${regex.source}/${regex.flags} is slow on a run of this`)
      }
    }))
})
