import { describe, it } from "@effect/vitest"
import { hour } from "./fixtures/flapping.ts"

describe("a server that comes and goes for a hundred hours, each another", () => {
  it.effect.each(Array.from({ length: 100 }, (_, index) => `hour ${index}`))("%s", hour)
})
