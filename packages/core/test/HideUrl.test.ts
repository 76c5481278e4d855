/** A URL that was mistyped is shown, in errors too, and its credentials are not. */
import { assert, describe, it } from "@effect/vitest"
import * as ServerConfig from "@universal-mcp/core/ServerConfig"
import { showUrl } from "../src/internal/show.ts"

const shown = (url: string): string => {
  const config = ServerConfig.hideSecrets({ name: "a", transport: "streamable-http", url })
  return config.transport === "stdio" ? "" : config.url
}

describe("a URL without its secrets", () => {
  it.each([
    ["as it should be", "https://user:secret@example.com/mcp", "https://redacted:redacted@example.com/mcp"],
    ["a character between the slashes", "http:/}/user:secret@example.com", "http://}/redacted@example.com"],
    ["the same, of another scheme", "ftp:/x/secret@example.com/a", "ftp://x/redacted@example.com/a"],
    ["a slash too many", "foo:///user:secret@example.com", "<redacted>"],
    ["no slashes", "foo:user:secret@example.com", "<redacted>"],
    ["a number sign among the credentials", "https://user#:secret@example.com", "https://user/#redacted"],
    ["a question mark among the credentials", "https://user?:secret@example.com", "https://user/?redacted"],
    ["a name without a value", "https://example.com/mcp?secret", "https://example.com/mcp?redacted"],
    ["values", "https://example.com/?key=secret&key=secret&b=secret", "https://example.com/?key=redacted&b=redacted"],
    ["a scope in the path", "https://example.com/@scope/mcp", "https://example.com/@scope/mcp"],
    ["no secret", "https://example.com/mcp", "https://example.com/mcp"]
  ])("%s", (_, url, expected) => assert.strictEqual(shown(url), expected))
})

describe("a URL in an error", () => {
  it.each([
    ["as it should be", "ftp://user:secret@example.com/a?b=secret", "ftp://…@example.com/a?…"],
    ["a character between the slashes", "ftp:/}/user:secret@example.com", "ftp:/…@example.com"],
    ["a slash in the password", "https://user:secret/secret@example.com", "https://…@example.com"],
    ["an at sign in the password", "https://user:secret@secret@example.com", "https://…@example.com"],
    ["a question mark in the password", "https://user:secret?secret@example.com", "https://…"],
    ["a number sign in the password", "https://user:secret#secret@example.com", "https://…"],
    ["an address in the query", "https://example.com/?user=secret@secret", "https://…"],
    ["a line feed in the password", "https://user:secret\nsecret@example.com", "https://…@example.com"],
    ["no scheme", "user:secret@example.com", "user:…@example.com"],
    ["no secret", "example.com/mcp", "example.com/mcp"]
  ])("%s", (_, url, expected) => assert.strictEqual(showUrl(url), JSON.stringify(expected)))
})
