/** Whether a process may have ended because of our question which era it speaks, or for a reason of its own. */
import type { Closed } from "../McpError.ts"
import { saysFailure } from "./lastWords.ts"

/**
 * Nothing tells whether it has read the question. A process that failed with words of its own, none of them about a
 * message, fails again when it is started again; every other may do better if it is not asked.
 */
export const mayBeDueToProbe = ({ exitCode, stderr }: Closed): boolean =>
  exitCode === undefined || exitCode === 0 || !saysFailure(stderr) || stderr.some((line) => aboutMessages.test(line))

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** What programs write that fail on a message: its words, or the frames of what reads it. */
const aboutMessages =
  /server\/discover|initiali[sz]|handshake|protocol|json-?rpc|\b(?:method|request|message|notification|params)s?\b|\w(?:Request|Message)\b|\bon(?:Line|Data)\b|_onLine|readline|stdin|Socket\.|Readable\.|onStreamRead|JSONDecode|JSON\.parse|JSON input|deserializ/i
