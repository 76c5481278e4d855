/** Whether a process may have ended because of our question which era it speaks, or for a reason of its own. */
import type { Closed } from "../McpError.ts"
import { saysFailure } from "./lastWords.ts"

/**
 * Nothing tells whether the process has read the question. One that failed with words of its own fails again when it is
 * started again; one that spoke of a message, said nothing, or had begun to serve may do better if it is not asked.
 */
export const mayBeDueToProbe = ({ exitCode, stderr }: Closed): boolean => {
  if (exitCode === undefined || exitCode === 0) return true
  const said = stderr.filter((line) => line.trim() !== "")
  if (said.length === 0 || said.some((line) => aboutMessages.test(line))) return true
  return !saysFailure(said) && said.some((line) => hasBegun.test(line))
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** What programs write that fail on a message: its words, or the frames of what reads it. */
const aboutMessages =
  /server\/discover|initiali[sz]|handshake|protocol|json-?rpc|\b(?:method|request|message|notification|params)s?\b|\w(?:Request|Message)\b|\bon(?:Line|Data)\b|_onLine|readline|stdin|Socket\.|Readable\.|onStreamRead|JSONDecode|JSON\.parse|JSON input|deserializ/i

/** What servers say once they are ready. */
const hasBegun = /\b(?:stdio|running|listening|ready|started|starting|serving)\b/i
