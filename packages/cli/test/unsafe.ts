import * as SafeText from "@universal-mcp/core/SafeText"

/** The characters in what was printed that a person is not shown, and that are not our own colours and progress line. */
export const unsafeIn = (printed: string): ReadonlyArray<string> =>
  // oxlint-disable-next-line no-control-regex
  SafeText.hidden(printed.replaceAll(/\u001b\[(?:1|2|22|3[1236]|39)m|\r\u001b\[2K/g, ""))
