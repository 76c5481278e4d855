/** All cases, by subject, which is the name of their file. */
import type { Case } from "./case.ts"
import * as bodies from "./http/bodies.ts"
import * as httpLimits from "./http/limits.ts"
import * as redirects from "./http/redirects.ts"
import * as sse from "./http/sse.ts"
import * as statuses from "./http/statuses.ts"
import * as streams from "./http/streams.ts"
import * as floods from "./stdio/floods.ts"
import * as framing from "./stdio/framing.ts"
import * as jsonRpc from "./stdio/jsonRpc.ts"
import * as limits from "./stdio/limits.ts"
import * as lists from "./stdio/lists.ts"
import * as results from "./stdio/results.ts"
import * as schemas from "./stdio/schemas.ts"
import * as shutdown from "./stdio/shutdown.ts"
import * as startUp from "./stdio/startUp.ts"
import * as strays from "./stdio/strays.ts"

export const subjects: Readonly<Record<string, ReadonlyArray<Case>>> = {
  "stdio/startUp": startUp.cases,
  "stdio/framing": framing.cases,
  "stdio/jsonRpc": jsonRpc.cases,
  "stdio/strays": strays.cases,
  "stdio/lists": lists.cases,
  "stdio/results": results.cases,
  "stdio/schemas": schemas.cases,
  "stdio/floods": floods.cases,
  "stdio/limits": limits.cases,
  "stdio/shutdown": shutdown.cases,
  "http/bodies": bodies.cases,
  "http/streams": streams.cases,
  "http/statuses": statuses.cases,
  "http/redirects": redirects.cases,
  "http/limits": httpLimits.cases,
  "http/sse": sse.cases
}
