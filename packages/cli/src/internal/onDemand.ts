import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"

/** The service of a layer that is loaded and built when it is first asked for; it is released with the present scope. */
export const onDemand = Effect.fnUntraced(function*<I, S>(
  service: Context.Key<I, S>,
  load: () => Promise<Layer.Layer<I>>
) {
  const scope = yield* Effect.scope
  return yield* Effect.promise(load).pipe(
    Effect.flatMap(Layer.build),
    Effect.map(Context.get(service)),
    Effect.provideService(Scope.Scope, scope),
    // Whoever asks first may be interrupted; the next shall find it nevertheless.
    Effect.uninterruptible,
    Effect.cached
  )
})
