/** Vitest's own limits, in every test file. */
import { vi } from "vitest"
import { patience } from "./patience.ts"

vi.setConfig({ testTimeout: patience(60_000), hookTimeout: patience(60_000) })
