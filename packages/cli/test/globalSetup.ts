/** The tests run what users run: the bundle, made of the sources as they are now. */
import { bundle } from "../bundle.ts"

export const setup = () => bundle("build/umcp")
