import { assert, describe, it } from "@effect/vitest"
import { memorySkillFiles, SkillsExtension } from "@modelcontextprotocol/server/ext/skills"
import type { McpSession } from "@universal-mcp/core/McpSession"
import * as Session from "@universal-mcp/core/McpSession"
import * as Skills from "@universal-mcp/core/Skills"
import * as Digest from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as servers from "./fixtures/server.ts"
import { connect, type Handlers, initialized } from "./fixtures/wire.ts"

// ---------------------------------------------------------------------------------------------------------------------
// The official SDK's server, which has a YAML parser of its own
// ---------------------------------------------------------------------------------------------------------------------

const manifest = (name: string) =>
  `---
name: ${name}
description: >-
  Reads PDF files,
  and fills their forms
license: "MIT" # as the code
metadata:
  version: "1.0"
allowed-tools: [read, 'write']
revision: 7
---

# How to
`

const withFiles = <A, E>(
  files: Readonly<Record<string, string | Uint8Array>>,
  use: (session: McpSession["Service"]) => Effect.Effect<A, E>
) =>
  Effect.gen(function*() {
    const extension = yield* Effect.promise(() => SkillsExtension.load(memorySkillFiles(files), { pageSize: 2 }))
    const Server = servers.layer("skilled", { configure: (server) => extension.attach(server) })
    return yield* Session.McpSession.use(use).pipe(Effect.provide(Server))
  })

describe("Skills of the official SDK's server", () => {
  it.effect("are listed, every page", () => {
    const names = ["a", "b", "c", "d", "e"]
    const files = Object.fromEntries(names.map((name) => [`${name}/SKILL.md`, manifest(name)]))
    return withFiles(files, (session) =>
      Effect.gen(function*() {
        const skills = yield* Skills.make(session).list
        assert.deepStrictEqual(skills.map(({ frontmatter }) => frontmatter.name), names)
      }))
  })

  it.effect("are read, by path and by URI, however it is encoded", () => {
    const image = new Uint8Array([0xFF, 0, 1, 2])
    const files = { "pdf/SKILL.md": manifest("pdf"), "pdf/references/Q&A.md": "why?", "pdf/assets/a b.png": image }
    return withFiles(files, (session) =>
      Effect.gen(function*() {
        const skills = Skills.make(session)
        const [skill] = yield* skills.list
        assert.isDefined(skill)
        assert.strictEqual((yield* skills.read(skill)).text, manifest("pdf"))
        for (const path of ["references/Q&A.md", "./references/Q%26A.md", `${skill.uri}/../references/Q&A.md#x`]) {
          assert.strictEqual((yield* skills.read(skill, path)).text, "why?", path)
        }
        const picture = yield* skills.read(skill, "assets/a b.png")
        assert.deepStrictEqual([...picture.bytes], [...image])
        assert.isUndefined(picture.text)
      }))
  })

  it.effect("are none where the server has no such extension, which it is not asked for", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect()
      assert.deepStrictEqual(yield* Skills.make(session).list, [])
      assert.deepStrictEqual(wire.all("skills/list"), [])
    }))
})

// ---------------------------------------------------------------------------------------------------------------------
// A server that is not what it says
// ---------------------------------------------------------------------------------------------------------------------

const uri = "skill://acme/pdf/SKILL.md"
const form = "skill://acme/pdf/FORMS.md"
const honest = "---\nname: pdf\ndescription: reads\n---\nbody\n"

const sha256 = (text: string) =>
  Digest.Digest.use((digest) => digest.digestHex(Digest.sha256, new TextEncoder().encode(text))).pipe(
    Effect.provide(Digest.layerWebCrypto),
    Effect.map((hex) => `sha256:${hex}`)
  )

/** Lists `listed` as the text of its only file, and hands out `served`. */
const serving = Effect.fnUntraced(function*(listed: string, served: string, entry: Record<string, unknown> = {}) {
  const digest = yield* sha256(listed)
  const skill = {
    uri,
    frontmatter: { name: "pdf", description: "reads" },
    resources: [{ uri, digest, size: listed.length }],
    ...entry
  }
  const { session, wire } = yield* connect({
    initialize: (request, wire) =>
      wire.answer(request, {
        ...initialized,
        capabilities: { resources: {}, extensions: { "io.modelcontextprotocol/skills": {} } }
      }),
    "skills/list": (request, wire) =>
      wire.answer(request, { skills: [{ uri: "skill://broken" }, skill], nextCursor: null }),
    "resources/read": (request, wire) =>
      wire.answer(request, { contents: [{ uri: request.params?.["uri"], text: served }] })
  })
  const skills = Skills.make(session)
  const [found, ...others] = yield* skills.list
  assert.isDefined(found)
  assert.deepStrictEqual(others, [])
  return { wire, read: (file?: string) => skills.read(found, file) }
})

describe("Skills of a server that is not what it says", () => {
  const refused = (name: string, reason: string, listed: string, served: string, file?: string) =>
    it.effect(name, () =>
      Effect.gen(function*() {
        const { read } = yield* serving(listed, served)
        const error = yield* Effect.flip(read(file))
        assert(error._tag === "SkillRejected", error.message)
        assert.strictEqual(error.reason, reason)
        assert.strictEqual(error.skill, uri)
        assert.include(error.message, "hand")
      }))

  it.effect("are handed out while it is", () =>
    Effect.gen(function*() {
      const { read } = yield* serving(honest, honest)
      assert.strictEqual((yield* read()).text, honest)
    }))

  refused("are refused when the digest is another", "digest", honest, honest.replace("body", "evil"))
  refused("are refused when the size is another", "size", honest, `${honest}more`)
  const other = honest.replace("reads", "steals")
  refused("are refused when the frontmatter is another", "frontmatter", other, other)
  const more = honest.replace("reads", "reads\nallowed-tools: all")
  refused("are refused when the frontmatter says more", "frontmatter", more, more)
  refused("are refused when there is no frontmatter", "frontmatter", "body", "body")
  const broken = honest.replace("reads", "[reads")
  refused("are refused when the frontmatter is not YAML", "frontmatter", broken, broken)

  it.effect("are not asked for files that are not listed", () =>
    Effect.gen(function*() {
      const { read, wire } = yield* serving(honest, honest)
      for (const file of ["FORMS.md", "../other/SKILL.md", "skill://other/SKILL.md", "https://example.com/"]) {
        const error = yield* Effect.flip(read(file))
        assert(error._tag === "SkillRejected", error.message)
        assert.strictEqual(error.reason, "unlisted", file)
      }
      assert.deepStrictEqual(wire.all("resources/read"), [])
    }))

  it.effect("may not list their files; then nothing leads out of the folder", () =>
    Effect.gen(function*() {
      const { read, wire } = yield* serving(honest, honest, { resources: "dynamic" })
      assert.strictEqual((yield* read("FORMS.md")).uri, form)
      for (const file of ["../x", "%2E%2E/x", "..%2Fx", "a//b", "skill://other/x", "a%5C..%5Cx"]) {
        const error = yield* Effect.flip(read(file))
        assert(error._tag === "SkillRejected", error.message)
      }
      assert.strictEqual(wire.all("resources/read").length, 1)
    }))

  const listing = Effect.fnUntraced(function*(answer: NonNullable<Handlers[string]>) {
    const { session } = yield* connect({
      initialize: (request, wire) =>
        wire.answer(request, {
          ...initialized,
          capabilities: { extensions: { "io.modelcontextprotocol/skills": {} } }
        }),
      "skills/list": answer
    })
    return Skills.make(session).list
  })

  const entry = { uri, frontmatter: { name: "pdf", description: "reads" }, resources: "dynamic" }

  it.effect("may list without an end", () =>
    Effect.gen(function*() {
      const list = yield* listing((request, wire) => wire.answer(request, { skills: [entry], nextCursor: "again" }))
      const { reason } = yield* Effect.flip(list)
      assert.containSubset(reason, { _tag: "InvalidResult", partial: [entry, entry] })
    }))

  it.effect.each(["", null])("may write %j for no more pages", (nextCursor) =>
    Effect.gen(function*() {
      const list = yield* listing((request, wire) => wire.answer(request, { skills: [entry], nextCursor }))
      assert.deepStrictEqual<unknown>(yield* list, [entry])
    }))

  it.effect("may list very many", () =>
    Effect.gen(function*() {
      const list = yield* listing((request, wire) =>
        wire.answer(request, { skills: Array.from({ length: 200_000 }, () => entry) })
      )
      assert.lengthOf(yield* list, 200_000)
    }))

  it.effect("may answer something else", () =>
    Effect.gen(function*() {
      const list = yield* listing((request, wire) => wire.answer(request, { skills: {} }))
      const { reason } = yield* Effect.flip(list)
      assert.containSubset(reason, { _tag: "InvalidResult", description: "the result has no list of skills" })
    }))

  it.effect("may not speak of them after all", () =>
    Effect.gen(function*() {
      const list = yield* listing((request, wire) => wire.refuse(request, -32601, "Method not found"))
      assert.deepStrictEqual(yield* list, [])
    }))

  it.effect("are left out where they are not valid, which is logged", () =>
    Effect.gen(function*() {
      const logged: Array<unknown> = []
      const list = yield* listing((request, wire) =>
        wire.answer(request, { skills: [{ uri: "skill://broken" }, entry, null] })
      )
      const found = yield* Effect.provide(list, Logger.layer([Logger.make(({ message }) => logged.push(message))]))
      assert.deepStrictEqual<unknown>(found, [entry])
      assert.match(
        String(logged),
        /^"hand": left out 2 of the skills that are not valid: .*skill:\/\/broken/
      )
    }))
})
