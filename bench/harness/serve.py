"""The peer's side of the line protocol (see peer.ts), for peers written in Python."""
import json
import sys
import time


def serve(who, cases, **host):
    """
    `cases[id](n, threads)` gives a dict: run, checksum, and as needed before, threads, who, rest (seconds), time (times
    `inner` runs in its own way, in seconds per run). `pids` are the processes that do the work, if others than this one.
    """
    def say(**answer):
        print(json.dumps(answer), flush=True)

    work = None
    say(who=who, **host)
    for line in sys.stdin:
        words = line.split()
        try:
            if words[0] == "quit":
                break
            if words[0] == "prepare":
                work = None
                make = cases.get(words[1])
                if make is None:
                    say(skip="not written for it")
                    continue
                work = make(int(words[2]), int(words[3]))
                before = work.get("before", lambda: None)
                before()
                work["run"]()
                total = work["checksum"]()
                total = None if total is None else float(total)
                say(checksum=total, threads=work.get("threads", 1), who=work.get("who", who))
            elif words[0] == "rep" and work:
                run, rest = work["run"], work.get("rest")
                for _ in range(int(words[1])):
                    before()
                    run()
                inner, seconds = int(words[2]), 0.0
                if "time" in work:
                    say(seconds=work["time"](inner))
                    continue
                if rest:
                    for _ in range(inner):
                        time.sleep(rest)
                        start = time.perf_counter()
                        run()
                        seconds += time.perf_counter() - start
                else:
                    before()
                    start = time.perf_counter()
                    for _ in range(inner):
                        run()
                    seconds = time.perf_counter() - start
                say(seconds=seconds / inner)
            else:
                say(error="not understood: " + line)
        except Exception as error:
            say(error=f"{type(error).__name__}: {error}")
