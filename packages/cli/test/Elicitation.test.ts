import { assert, describe, it } from "@effect/vitest"
import {
  Elicitation,
  type ElicitationRequest,
  type ElicitationResult,
  type FormSchema
} from "@universal-mcp/core/Elicitation"
import * as SafeText from "@universal-mcp/core/SafeText"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import { layerTerminal } from "../src/Elicitation.ts"
import { OnInterrupt } from "../src/internal/interrupt.ts"
import { Progress } from "../src/render/Progress.ts"
import { Screen } from "../src/render/Screen.ts"
import * as TestTerminal from "./terminal.ts"

const form = (
  properties: FormSchema["properties"],
  required: Array<string> = [],
  server = "shop"
): ElicitationRequest => ({
  _tag: "Form",
  server,
  message: `What does ${server} need?`,
  requestedSchema: { type: "object", properties, required }
})

/** Runs a test on a terminal of its own; `ask` starts a request. */
const onTerminal = <A>(
  test: (
    terminal: Effect.Success<typeof TestTerminal.make>,
    ask: (request: ElicitationRequest) => Effect.Effect<Fiber.Fiber<ElicitationResult>>
  ) => Effect.Effect<A>
): Effect.Effect<A> =>
  Effect.flatMap(TestTerminal.make, (terminal) =>
    Effect.gen(function*() {
      const { elicit } = yield* Elicitation
      return yield* test(terminal, (request) => Effect.forkChild(elicit(request), { startImmediately: true }))
    }).pipe(Effect.provide(Layer.provide(layerTerminal, terminal.layer))))

/** What a form gives after these keys, and a last Enter that sends it. */
const filled = (
  request: ElicitationRequest,
  ...keys: ReadonlyArray<TestTerminal.Key | { readonly text: string }>
): Effect.Effect<ElicitationResult> =>
  onTerminal(({ press, until }, ask) =>
    Effect.gen(function*() {
      const asked = yield* ask(request)
      yield* until("decline or cancel")
      yield* press(...keys)
      yield* until("[shop] Send?")
      yield* press("enter")
      return yield* Fiber.join(asked)
    })
  )

describe("a form on the terminal", () => {
  it.effect("says who asks, what, and what is allowed; sends what was filled in", () =>
    onTerminal(({ press, shown, until }, ask) =>
      Effect.gen(function*() {
        const asked = yield* ask(form({
          name: { type: "string", title: "Your name", description: "As on the card", minLength: 2 },
          count: { type: "integer", minimum: 1, maximum: 5 },
          day: { type: "string", format: "date" }
        }, ["name", "count"]))
        yield* until("Your name ›")
        assert.include(shown(), "\"shop\" asks:\n│ What does shop need?\n")
        assert.include(shown(), "│ As on the card\n  at least 2 characters\n")
        yield* press({ text: "Ada" }, "enter")
        yield* until("a whole number; from 1 to 5\n")
        yield* press({ text: "3" }, "enter")
        yield* until("a date such as 2026-07-28\n")
        yield* press("enter")
        yield* until("[shop] Send?")
        yield* press("enter")
        assert.deepStrictEqual(yield* Fiber.join(asked), { action: "accept", content: { name: "Ada", count: 3 } })
      })
    ))

  it.effect.each(
    [
      [{ type: "string", minLength: 3 }, "ab", "must have at least 3 characters", "abc", "abc"],
      [{ type: "string", maxLength: 2 }, "abc", "must have at most 2 characters", "😀😀", "😀😀"],
      [{ type: "string", format: "email" }, "nobody", "must be an e-mail address", "a@b.example", "a@b.example"],
      [
        { type: "string", format: "date" },
        "2026-02-30",
        "must be a date such as 2026-07-28",
        "2026-02-28",
        "2026-02-28"
      ],
      [{ type: "string" }, "", "is required", "x", "x"],
      [{ type: "integer" }, "1.5", "must be a whole number", "15", 15],
      [{ type: "integer" }, "x", "must be a number", "0", 0],
      [{ type: "number", maximum: 1 }, "1.1", "must be at most 1", "-1e-1", -0.1],
      [{ type: "number", minimum: 1 }, "0", "must be at least 1", "1", 1]
    ] as const
  )(
    "asks again: %o is not %j",
    ([field, wrong, issue, right, value]) =>
      onTerminal(({ press, until }, ask) =>
        Effect.gen(function*() {
          const asked = yield* ask(form({ x: field }, ["x"]))
          yield* until("x ›")
          yield* press({ text: wrong }, "enter")
          yield* until(issue)
          yield* press("ctrl-u", { text: right }, "enter")
          yield* until("Send?")
          yield* press("enter")
          assert.deepStrictEqual(yield* Fiber.join(asked), { action: "accept", content: { x: value } })
        })
      )
  )

  it.effect("asks what no form has: lists of text, numbers to choose from, long integers, any JSON, nothing", () =>
    Effect.gen(function*() {
      const request = form({
        tags: { type: "array", items: { type: "string" }, default: ["old"] },
        level: { type: "integer", enum: [10, 20] },
        id: { type: "integer" },
        place: { title: "Place", schema: { type: "object" } },
        word: { schema: true },
        none: { type: "string", nullable: true },
        choice: { type: "string", enum: ["a"], nullable: true }
      }, ["tags", "level", "id", "place", "word", "none", "choice"])
      const result = yield* filled(
        request,
        "ctrl-u",
        { text: "a, b ,c" },
        "enter",
        "down",
        "enter",
        { text: "1915883588174806058" },
        "enter",
        { text: "{\"lat\":47.5}" },
        "enter",
        { text: "plain words" },
        "enter",
        "enter",
        "down",
        "enter"
      )
      assert.deepStrictEqual(result, {
        action: "accept",
        content: {
          tags: ["a", "b", "c"],
          level: 20,
          id: 1915883588174806058n,
          place: { lat: 47.5 },
          word: "plain words",
          none: null,
          choice: null
        }
      })
    }))

  it.effect("offers defaults, and leaves out what is not required", () =>
    Effect.gen(function*() {
      const request = form({
        text: { type: "string", default: "black" },
        none: { type: "string" },
        number: { type: "number", default: 0.5 },
        flag: { type: "boolean", default: false },
        open: { type: "boolean" },
        choice: { type: "string", enum: ["a", "b"], default: "b" },
        several: { type: "array", items: { type: "string", enum: ["x", "y"] }, default: ["y"] },
        nothing: { type: "array", items: { type: "string", enum: ["x", "y"] }, minItems: 1 }
      })
      const result = yield* filled(request, ...Array.from({ length: 8 }, () => "enter" as const))
      assert.deepStrictEqual(result, {
        action: "accept",
        content: { text: "black", number: 0.5, flag: false, choice: "b", several: ["y"] }
      })
    }))

  it.effect("what is left out stays out, default or not, also when the rest is changed", () =>
    onTerminal(({ press, until }, ask) =>
      Effect.gen(function*() {
        const asked = yield* ask(form({
          text: { type: "string", default: "black" },
          number: { type: "number", default: 0.5 },
          flag: { type: "boolean", default: true },
          several: { type: "array", items: { type: "string", enum: ["x", "y"] }, default: ["x"], minItems: 1 },
          none: { type: "array", items: { type: "string", enum: ["x", "y"] }, default: ["x"] },
          note: { type: "string", default: "n" }
        }))
        yield* until("decline or cancel")
        yield* press("ctrl-u", "enter", "ctrl-u", "enter", "up", "enter")
        yield* press("down", "down", "space", "enter", "down", "down", "space", "enter", "enter")
        yield* until("Send?")
        yield* press("down", "enter")
        yield* until("text (optional)")
        yield* press("enter", "enter", "enter", "enter", "enter", { text: "!" }, "enter")
        yield* until("Send?")
        yield* press("enter")
        assert.deepStrictEqual(yield* Fiber.join(asked), { action: "accept", content: { none: [], note: "n!" } })
      })
    ))

  it.effect("has choices: titled, with names, several at once", () =>
    Effect.gen(function*() {
      const request = form({
        plain: { type: "string", enum: ["a", "b"] },
        titled: { type: "string", oneOf: [{ const: "r", title: "Red" }, { const: "g", title: "Green" }] },
        named: { type: "string", enum: ["1", "2"], enumNames: ["One", "Two"] },
        flag: { type: "boolean" },
        several: {
          type: "array",
          minItems: 2,
          items: { anyOf: [{ const: "x", title: "Ex" }, { const: "y", title: "Why" }, { const: "z", title: "Zed" }] }
        }
      }, ["plain", "titled", "named", "flag", "several"])
      const result = yield* onTerminal(({ press, until }, ask) =>
        Effect.gen(function*() {
          const asked = yield* ask(request)
          yield* until("plain ›")
          yield* press("down", "enter")
          yield* until("❯ Red")
          yield* press("down", "enter")
          yield* until("❯ One")
          yield* press("enter")
          yield* until("❯ yes")
          yield* press("down", "enter")
          yield* until("Zed")
          yield* press("down", "down", "space", "enter")
          yield* until("At least 2")
          yield* press("down", "down", "space", "enter")
          yield* until("Send?")
          yield* press("enter")
          return yield* Fiber.join(asked)
        })
      )
      assert.deepStrictEqual(result, {
        action: "accept",
        content: { plain: "b", titled: "g", named: "1", flag: false, several: ["x", "z"] }
      })
    }))

  it.effect("can be changed before it is sent", () =>
    onTerminal(({ press, until }, ask) =>
      Effect.gen(function*() {
        const asked = yield* ask(form({ name: { type: "string" }, age: { type: "integer" } }, ["name"]))
        yield* until("name ›")
        yield* press({ text: "Ada" }, "enter", { text: "36" }, "enter")
        yield* until("Send?")
        yield* press("down", "enter")
        yield* until("name › Ada")
        yield* press({ text: "!" }, "enter", "enter")
        yield* until("Send?")
        yield* press("enter")
        assert.deepStrictEqual(yield* Fiber.join(asked), { action: "accept", content: { name: "Ada!", age: 36 } })
      })
    ))

  it.effect("is left with Esc: back, declined or cancelled", () =>
    onTerminal(({ press, until }, ask) =>
      Effect.gen(function*() {
        const request = form({ name: { type: "string" } }, ["name"])
        const left = Effect.fnUntraced(function*(...keys: ReadonlyArray<TestTerminal.Key>) {
          const asked = yield* ask(request)
          yield* until("name ›")
          yield* press({ text: "A" }, "escape")
          yield* until("[shop] Leave without an answer?")
          yield* press(...keys)
          return asked
        })
        assert.deepStrictEqual(yield* Fiber.join(yield* left("enter")), { action: "decline" })
        assert.deepStrictEqual(yield* Fiber.join(yield* left("down", "enter")), { action: "cancel" })
        assert.deepStrictEqual(yield* Fiber.join(yield* left("escape")), { action: "cancel" })
        const back = yield* left("up", "enter")
        yield* until("name ›")
        yield* press({ text: "B" }, "enter")
        yield* until("Send?")
        yield* press("enter")
        assert.deepStrictEqual(yield* Fiber.join(back), { action: "accept", content: { name: "B" } })
      })
    ))

  it.effect("without fields asks for consent alone", () =>
    onTerminal(({ press, until }, ask) =>
      Effect.gen(function*() {
        const asked = yield* ask(form({}))
        yield* until("[shop] Send?")
        yield* press("down", "enter")
        assert.deepStrictEqual(yield* Fiber.join(asked), { action: "decline" })
      })
    ))

  it.effect("is cancelled by the end of the input", () =>
    onTerminal(({ press, until }, ask) =>
      Effect.gen(function*() {
        const asked = yield* ask(form({ name: { type: "string" } }))
        yield* until("name")
        yield* press("ctrl-d")
        assert.deepStrictEqual(yield* Fiber.join(asked), { action: "cancel" })
      })
    ))

  it.effect("Ctrl-C is for the program", () =>
    onTerminal(({ press, until }, ask) =>
      Effect.gen(function*() {
        let interrupted = false
        const asked = yield* ask(form({ name: { type: "string" } })).pipe(
          Effect.provideService(OnInterrupt, Effect.sync(() => interrupted = true))
        )
        yield* until("name")
        yield* press("ctrl-c")
        assert.deepStrictEqual(yield* Fiber.join(asked), { action: "cancel" })
        assert.isTrue(interrupted)
      })
    ))

  it.effect("shows no control character of a server, and takes none for text", () =>
    onTerminal(({ press, shown, until }, ask) =>
      Effect.gen(function*() {
        const asked = yield* ask({
          _tag: "Form",
          server: "evil\u001b[2J",
          message: "first\n\u001b]0;owned\u0007second\u202e",
          requestedSchema: {
            type: "object",
            properties: { "a\u001b[31m": { type: "string", title: "T\u009b1m", default: "\u001b[2J" } },
            required: []
          }
        })
        yield* until("T\\u009b1m (optional) ›")
        yield* press("f1", { text: "ok" }, "enter")
        yield* until("Send?")
        yield* press("enter")
        assert.deepStrictEqual(yield* Fiber.join(asked), { action: "accept", content: { "a\u001b[31m": "ok" } })
        // oxlint-disable-next-line no-control-regex
        assert.notMatch(shown(), /[\u0000-\u0006\u0008\u000b-\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e]/)
        assert.include(shown(), "│ first\n│ \\u001b]0;owned")
      })
    ))
})

describe("a URL on the terminal", () => {
  it.effect.each([["enter", "accept"], ["down", "decline"], ["escape", "cancel"]] as const)(
    "is shown in full; %s is %s",
    ([key, action]) =>
      onTerminal(({ press, shown, until }, ask) =>
        Effect.gen(function*() {
          const url = `https://pay.example.com/authorize?${"x".repeat(100)}=1`
          const asked = yield* ask({ _tag: "Url", server: "shop", message: "Please pay", url })
          yield* until("The page")
          assert.include(shown(), "\"shop\" asks:\n│ Please pay\n  To open in your browser:\n")
          assert.include(shown(), url)
          yield* press(key, ...(key === "down" ? ["enter" as const] : []))
          assert.deepStrictEqual(yield* Fiber.join(asked), { action })
        })
      )
  )
})

describe("several questions on one terminal", () => {
  it.effect("queue, in the order in which they came, and each says who asks", () =>
    onTerminal(({ press, readers, shown, until }, ask) =>
      Effect.gen(function*() {
        const names = ["one", "two", "three"]
        const asked = yield* Effect.forEach(names, (name) => ask(form({ answer: { type: "string" } }, [], name)))
        for (const name of names) {
          yield* until(`"${name}" asks:`)
          yield* until("answer")
          assert.strictEqual(readers(), 1)
          yield* press({ text: name }, "enter")
          yield* until(`[${name}] Send?`)
          yield* press("enter")
        }
        const answers = yield* Fiber.joinAll(asked)
        const expected = names.map((name): ElicitationResult => ({ action: "accept", content: { answer: name } }))
        assert.deepStrictEqual(answers, expected)
        assert.strictEqual(readers(), 0)
        assert.include(shown(), "\"two\" asks: (1 more question waiting)")
      })
    ))

  it.effect("one that comes while a form is open is told before the form's next prompt, once", () =>
    onTerminal(({ press, shown, until }, ask) =>
      Effect.gen(function*() {
        const two = { a: { type: "string" as const }, b: { type: "string" as const } }
        const first = yield* ask(form(two, [], "one"))
        yield* until("a (optional)")
        const second = yield* ask(form({}, [], "two"))
        yield* press("enter")
        yield* until("(1 more question waiting)\n")
        yield* until("b (optional)")
        yield* press("enter")
        yield* until("[one] Send?")
        yield* press("enter")
        yield* Fiber.join(first)
        yield* until("[two] Send?")
        yield* press("enter")
        yield* Fiber.join(second)
        assert.lengthOf(shown().split("waiting"), 2)
      })
    ))

  it.effect("one that is interrupted, while its form is open or before, makes way", () =>
    onTerminal(({ press, readers, shown, until }, ask) =>
      Effect.gen(function*() {
        const first = yield* ask(form({ answer: { type: "string" } }, [], "one"))
        const second = yield* ask(form({ answer: { type: "string" } }, [], "two"))
        const third = yield* ask(form({ answer: { type: "string" } }, [], "three"))
        yield* until("answer")
        yield* Fiber.interrupt(second)
        yield* Fiber.interrupt(first)
        yield* until("\"one\" no longer asks\n")
        yield* until("\"three\" asks:")
        yield* until("answer")
        assert.strictEqual(readers(), 1)
        yield* press({ text: "yes" }, "enter")
        yield* until("[three] Send?")
        yield* press("enter")
        assert.deepStrictEqual(yield* Fiber.join(third), { action: "accept", content: { answer: "yes" } })
        assert.notInclude(shown(), "\"two\"")
      })
    ))

  it.effect("have the screen to themselves: progress and what is printed wait", () =>
    Effect.gen(function*() {
      const { layer, press, shown, until } = yield* TestTerminal.make
      const progressOf = Layer.provideMerge(Progress.layer, Screen.layer)
      yield* Effect.gen(function*() {
        const { elicit } = yield* Elicitation
        const progress = yield* Progress
        yield* progress.show(SafeText.format`working`)
        assert.include(shown(), "working")
        const asked = yield* Effect.forkChild(elicit(form({ answer: { type: "string" } })), { startImmediately: true })
        yield* until("answer")
        const before = shown()
        yield* progress.show(SafeText.format`still working`)
        let printed = false
        const printing = yield* Effect.forkChild(progress.printing(Effect.sync(() => printed = true)), {
          startImmediately: true
        })
        yield* TestClock.adjust("10 seconds")
        assert.strictEqual(shown(), before)
        assert.isFalse(printed)
        yield* press("enter")
        yield* until("Send?")
        yield* press("enter")
        yield* Fiber.join(asked)
        yield* Fiber.join(printing)
        yield* TestClock.adjust("1 second")
        yield* until("still working")
      }).pipe(
        Effect.provide(layerTerminal.pipe(Layer.provideMerge(progressOf), Layer.provide(layer)))
      )
    }))
})
