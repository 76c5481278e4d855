/** What a server may do to whoever reads its skills: nothing takes long, and nothing is a defect. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as Skills from "@universal-mcp/core/Skills"
import * as Digest from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import { cpuTime } from "./fixtures/cpu.ts"
import { parseTime } from "./fixtures/parseTime.ts"
import { connect, initialized } from "./fixtures/wire.ts"

let limit = 0
beforeAll(() =>
  Effect.runPromise(Effect.map(parseTime, (time) => {
    limit = time
  }))
)

const uri = "skill://s/SKILL.md"

const frontmatter = { name: "s", description: "d" }

const offering = {
  ...initialized,
  capabilities: { extensions: { "io.modelcontextprotocol/skills": {} }, resources: {} }
}

/** A server whose list and file are these. */
const skilled = (skill: unknown, content: unknown) =>
  Effect.gen(function*() {
    const { session } = yield* connect({
      "initialize": (request, to) => to.answer(request, offering),
      "skills/list": (request, to) => to.answer(request, { skills: [skill] }),
      "resources/read": (request, to) => to.answer(request, { contents: [content] })
    })
    return Skills.make(session)
  })

const dynamic: Skills.Skill = { uri, frontmatter, resources: "dynamic" }

const withYaml = (text: string) => `---\nname: s\ndescription: d\n${text}---\n`

describe("a SKILL.md that is made to be slow", () => {
  const texts: ReadonlyArray<readonly [string, (size: number) => string]> = [
    ["marks that begin frontmatter and do not end it", (size) => "\uFEFF---\n".repeat(size / 5)],
    ["an end that is never reached", (size) => `---\n${"---a\n".repeat(size / 5)}`],
    ["blanks behind an end", (size) => `---\n---${" ".repeat(size)}x`],
    ["line breaks", (size) => `---\n${"\r\n".repeat(size / 2)}`]
  ]

  it.effect.each(texts)("takes no more than linear time, and is rejected: %s", ([, make]) =>
    Effect.gen(function*() {
      const read = (size: number) =>
        Effect.gen(function*() {
          const skills = yield* skilled(dynamic, { uri, text: make(size) })
          const error = yield* Effect.flip(skills.read(dynamic))
          assert.deepInclude(error, { _tag: "SkillRejected", reason: "frontmatter" })
        }).pipe(Effect.scoped)
      yield* read(1000)
      const part = yield* cpuTime(read(400_000))
      // Eight times as much, were it linear; what is over before it counts, counts for nothing.
      assert.isBelow(yield* cpuTime(read(3_200_000)), 20 * Math.max(part, 25))
    }))

  const yaml: ReadonlyArray<readonly [string, string]> = [
    ["digits", "1"],
    ["blanks in quotes", " "],
    ["tabs", "\t"],
    ["backslashes", "\\"],
    ["brackets", "["],
    ["anchors", "&a [*a,"],
    ["line breaks", "\n"]
  ]

  it.effect.each(yaml)("costs little where YAML is slow, and is rejected: %s", ([, unit]) =>
    Effect.gen(function*() {
      for (const length of [4000, 60_000]) {
        const lines = Math.ceil(50_000 / length)
        for (const before of ["a: ", "a: \"", "a: [", ""]) {
          const line = `${before}${unit.repeat(length / unit.length)}!\n`
          const skills = yield* skilled(dynamic, { uri, text: withYaml(line.repeat(lines)) })
          const cost = yield* cpuTime(Effect.flip(skills.read(dynamic)))
          // Without a bound on lines, three seconds and more.
          assert.isBelow(cost, limit)
        }
      }
    }))

  it.effect("is rejected where its frontmatter is longer than 64 KiB", () =>
    Effect.gen(function*() {
      const fitting = withYaml(`# ${"x".repeat(4000)}\n`.repeat(15))
      const skills = yield* skilled(dynamic, { uri, text: fitting })
      assert.strictEqual((yield* skills.read(dynamic)).text, fitting)
      const others = yield* skilled(dynamic, { uri, text: withYaml(`# ${"x".repeat(4000)}\n`.repeat(17)) })
      assert.deepInclude(yield* Effect.flip(others.read(dynamic)), { reason: "frontmatter" })
    }))

  it.effect.each(["---\nname: s\ndescription: d\n---", "\uFEFF---\r\nname: s\r\ndescription: d\r\n--- \t\r\nbody"])(
    "is read as before where it is as it should be: %j",
    (text) =>
      Effect.gen(function*() {
        const skills = yield* skilled(dynamic, { uri, text })
        assert.strictEqual((yield* skills.read(dynamic)).text, text)
      })
  )
})

describe("URIs", () => {
  it.effect.each([
    `skill://${"a".repeat(9000)}/SKILL.md`,
    `skill://${"a/".repeat(1_000_000)}SKILL.md`,
    `skill:/${"/".repeat(3_000_000)}SKILL.md!`
  ])("of more than 8 KiB are none of a skill", (long) =>
    Effect.gen(function*() {
      const skills = yield* skilled({ ...dynamic, uri: long }, {})
      assert.deepStrictEqual(yield* skills.list, [])
      const digest = `sha256:${"0".repeat(64)}`
      const listed = yield* skilled({ ...dynamic, resources: [{ uri: long, digest, size: 1 }] }, {})
      assert.deepStrictEqual(yield* listed.list, [])
    }))

  it.effect.each([`skill://s/${"a".repeat(3_000_000)}`, "skill://s/\uD800", "%E0%A4%A", "[".repeat(2_000_000)])(
    "of contents that are asked for with another cost nothing",
    (other) =>
      Effect.gen(function*() {
        const skills = yield* skilled(dynamic, { uri: other, text: "x" })
        const error = yield* Effect.flip(skills.read(dynamic))
        assert.include(error.message, "has no contents for")
      })
  )
})

describe("contents", () => {
  it.effect.each([
    { text: { toString: 1 } },
    { text: null },
    { text: 1, blob: { toString: null } },
    { blob: ["QQ=="] },
    { blob: "=".repeat(300_000) + "x" },
    {}
  ])("that are neither text nor base64 are an invalid result: %j", (content) =>
    Effect.gen(function*() {
      const skills = yield* skilled(dynamic, { uri, ...content })
      const error = yield* Effect.flip(skills.read(dynamic))
      assert.isTrue(error._tag === "CallError" && error.reason._tag === "InvalidResult")
    }))

  it.effect("with a media type that is no text have none", () =>
    Effect.gen(function*() {
      const skills = yield* skilled(dynamic, { uri, text: withYaml(""), mimeType: { toString: 1 } })
      assert.isUndefined((yield* skills.read(dynamic)).mimeType)
    }))

  it.effect("are compared with the digest before anything reads them", () =>
    Effect.gen(function*() {
      const digest = `sha256:${yield* Digest.Digest.use((one) => one.digestHex(Digest.sha256, new Uint8Array([65])))
        .pipe(
          Effect.provide(Digest.layerWebCrypto)
        )}`
      const skill: Skills.Skill = { ...dynamic, resources: [{ uri, digest, size: 1 }] }
      const skills = yield* skilled(skill, { uri, text: "B" })
      assert.deepInclude(yield* Effect.flip(skills.read(skill)), { reason: "digest" })
    }))
})
