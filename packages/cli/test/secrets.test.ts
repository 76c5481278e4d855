/** What `umcp` shows of a configuration has no private key in it. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { configured, umcp } from "./support.ts"

const certificate = "-----BEGIN CERTIFICATE-----\nMIIBszCC\n-----END CERTIFICATE-----\n"
const key = "-----BEGIN PRIVATE KEY-----\ns3cretMIIEvQ\n-----END PRIVATE KEY-----\n"
// Nothing listens on port 1.
const url = "https://127.0.0.1:1/mcp"

const config = configured({
  both: { url, tls: { cert: certificate + key } },
  authority: { type: "http", url, tls: { ca: [certificate, key] } },
  // The key says by itself that it is one, wherever it is written.
  swapped: { type: "sse", url, tls: { cert: key, key: certificate } }
})

describe("a private key in the configuration of a server", () => {
  for (const command of ["config list --json", "config list", "servers --json", "servers", "list --json", "doctor"]) {
    it.live(`is not shown by umcp ${command}`, () =>
      Effect.scoped(Effect.gen(function*() {
        const cwd = yield* config
        const { stderr, stdout } = yield* umcp(command.split(" "), { cwd })
        assert.include(stdout + stderr, "both")
        assert.notInclude(stdout + stderr, "s3cret")
      })))
  }

  it.live("is hidden, and its certificate with it", () =>
    Effect.scoped(Effect.gen(function*() {
      const cwd = yield* config
      const { servers } = JSON.parse((yield* umcp(["config", "list", "--json"], { cwd })).stdout)
      assert.deepStrictEqual(servers[0].tls, { cert: "<redacted>" })
      assert.deepStrictEqual(servers[1].tls, { ca: [certificate, "<redacted>"] })
      assert.deepStrictEqual(servers[2].tls, { cert: "<redacted>", key: "<redacted>" })
    })))
})
