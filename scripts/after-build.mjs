// The built command must be executable for `npx` in this checkout; npm does the same when it packs.
import { chmodSync } from 'node:fs'

chmodSync('dist/cli/main.js', 0o755)
