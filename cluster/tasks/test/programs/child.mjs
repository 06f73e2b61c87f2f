// A process that a task starts.
process.send?.(process.argv[2])
