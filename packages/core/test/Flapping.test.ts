/** `docs/resilience.md` refers to it. */
import { describe, it } from "@effect/vitest"
import { hour } from "./fixtures/flapping.ts"

describe("a server that comes and goes for an hour", () => {
  it.effect("loses no read, repeats no write, and leaves nothing", () => hour("one hour"))
})
