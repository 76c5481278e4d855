/** What a hostile server leaves running when it ends in another way than by a crash. */
import { describe } from "@effect/vitest"
import { suite } from "./fixtures/hostileDescendants.ts"

describe.skipIf(process.platform !== "linux")("a hostile server", { concurrent: true }, () => {
  suite(["is killed for not leaving", "leaves with exit code 0", "loses its host"])
})
