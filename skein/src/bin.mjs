#!/usr/bin/env node
// The `skein` command. Which Node runs it, and what it does, is the launcher's to say.
import { launch } from '@skein/cli/launch'

await launch()
