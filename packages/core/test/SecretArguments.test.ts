/** What stands behind a secret-looking name in a command line is hidden, and nothing else is. */
import { assert, describe, it } from "@effect/vitest"
import * as ServerConfig from "@universal-mcp/core/ServerConfig"

const shown = (...args: ReadonlyArray<string>): string => {
  const config = ServerConfig.hideSecrets({ name: "a", transport: "stdio", command: "x", args })
  return config.transport === "stdio" ? (config.args ?? []).join(" ") : ""
}

describe("secrets in arguments", () => {
  it.each([
    [["--token", "s3"], "--token <redacted>"],
    [["-token", "s3"], "-token <redacted>"],
    [["--apiKey", "-s3cret"], "--apiKey <redacted>"],
    [["--api-key=s3"], "--api-key=<redacted>"],
    [["--oauth2Bearer", "s3"], "--oauth2Bearer <redacted>"],
    [["--db-password", "s3", "--port", "80"], "--db-password <redacted> --port 80"],
    [["env", "TOKEN=s3", "server"], "env TOKEN=<redacted> server"],
    [["run", "-e", "PGPASSWORD=s3", "image"], "run -e PGPASSWORD=<redacted> image"],
    [["--env=GITHUB_PAT=s3"], "--env=GITHUB_PAT=<redacted>"],
    [
      ["mcp-remote", "https://h/sse", "--header", "Authorization: Bearer s3"],
      "mcp-remote https://h/sse --header Authorization: <redacted>"
    ],
    [["--header", "X-Api-Key:s3"], "--header X-Api-Key:<redacted>"],
    [["--header=Cookie: a=s3"], "--header=Cookie: <redacted>"],
    [["--headers", "Authorization", "Bearer s3"], "--headers Authorization <redacted>"],
    [["postgresql://me:s3@db/x"], "postgresql://<redacted>@db/x"],
    [["https://s3@host/x"], "https://<redacted>@host/x"],
    [["https://h/mcp?api_key=s3&v=1"], "https://h/mcp?api_key=<redacted>&v=1"],
    [["https://h/mcp#access_token=s3"], "https://h/mcp#access_token=<redacted>"],
    [["--config", "{\"githubToken\":\"s3\",\"debug\":true}"], "--config <redacted>"],
    [["--config", "[{\"auth\":{\"user\":\"s3\"}}]"], "--config <redacted>"],
    [["sh", "-c", "npx server --token s3 --port 80"], "sh -c npx server --token <redacted> --port 80"],
    [
      ["sh", "-c", "a=1 KEY='s3 s4' curl -H \"Authorization: Bearer s3\" x"],
      "sh -c a=1 KEY=<redacted> curl -H \"Authorization: <redacted>\" x"
    ]
  ])("%j", (args, expected) => {
    assert.strictEqual(shown(...args), expected)
    assert.notInclude(shown(...args), "s3")
  })

  it.each([
    ["postgres://me:s3?s3@db/x"],
    ["postgres://me:s3#s3@db/x"],
    ["postgres://me:s3@s3@db/x"]
  ])("%s hides all of the password", (url) => assert.strictEqual(shown(url), "postgres://<redacted>@db/x"))

  it.each([
    ["names", "a=".repeat(100_000)],
    ["quotes", `${"'".repeat(100_000)} a ${"'".repeat(100_000)}`],
    ["both quotes", `${"'\"".repeat(50_000)} a ${"\"'".repeat(50_000)}`],
    ["spaces", `x${" ".repeat(200_000)}`],
    ["braces", "{".repeat(200_000)],
    ["brackets", `${"[".repeat(100_000)}${"]".repeat(100_000)}`],
    ["colons and at signs", `a://${":@".repeat(100_000)}`],
    ["parameters", `a://b?${"c&".repeat(100_000)}`],
    ["flags", "--token ".repeat(20_000)]
  ])("takes no longer than it should for many %s", (_, arg) => {
    assert.isString(shown("-c", arg, "x"))
  })

  it.each([
    [["--token-file", "/run/token"]],
    [["--auth-type", "none"]],
    [["--max-tokens", "4096"]],
    [["--no-auth", "/data"]],
    [["--monkey", "banana", "--author", "me", "--passthrough", "x"]],
    [["C:\\keys\\server.js", "/tokens/x", "key", "value"]],
    [["https://example.com/@scope/mcp?version=1"]],
    [["{\"debug\":true}", "[1]", "{not json", "a \"b c", ""]]
  ])("%j stays", (args) => assert.strictEqual(shown(...args), args.join(" ")))
})
