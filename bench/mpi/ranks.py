"""The same in Python with mpi4py: rank 0 answers the lines of harness/peer.ts, the others do as it does. `ranks.py hello` is the program of `start`."""
import os
import sys
import time

from mpi4py import MPI

WORLD = MPI.COMM_WORLD
RANK, SIZE = WORLD.Get_rank(), WORLD.Get_size()
if sys.argv[1:] == ["hello"]:
    WORLD.Barrier()
    if RANK == 0:
        print(f"{SIZE} ranks")
    sys.exit(0)

import mpi4py
import numpy as np
from numerics import hash01
from serve import serve

WINDOW = 64


def filled(size):
    return hash01(size // 8, 1000 * (RANK + 1))


def weighted(values):
    return float(np.abs(values) @ hash01(values.size, 99))


# ---- a case as all ranks do it: run(times), and how many operations each of them is


def latency(n):
    mine, came = filled(n), np.zeros(n // 8)

    def run(times):
        for _ in range(times):
            if RANK == 0:
                WORLD.Send(mine, 1, 1)
                WORLD.Recv(came, 1, 1)
            else:
                WORLD.Recv(came, 0, 1)
                WORLD.Send(mine, 0, 1)
    return run, 2, lambda: weighted(came)


def value(_):
    mine = {"id": 7 + RANK, "name": "rank", "at": [1.5, 2.5]}
    came = [mine]

    def run(times):
        for _ in range(times):
            if RANK == 0:
                WORLD.send(mine, 1, 1)
                got = WORLD.recv(source=1, tag=1)
            else:
                got = WORLD.recv(source=0, tag=1)
                WORLD.send(mine, 0, 1)
        came[0] = got
    return run, 2, lambda: came[0]["id"] + sum(came[0]["at"]) + len(came[0]["name"])


def bandwidth(n):
    mine, came, answer = filled(n), np.zeros(n // 8), np.zeros(1)

    def run(times):
        for _ in range(0, times, WINDOW):
            if RANK == 0:
                MPI.Request.Waitall([WORLD.Isend(mine, 1, 1) for _ in range(WINDOW)])
                WORLD.Recv(answer, 1, 2)
            else:
                MPI.Request.Waitall([WORLD.Irecv(came, 0, 1) for _ in range(WINDOW)])
                WORLD.Send(answer, 0, 2)
    return run, 1, lambda: weighted(came)


def bibandwidth(n):
    mine, came = filled(n), np.zeros(n // 8)

    def run(times):
        for _ in range(0, times, WINDOW):
            receives = [WORLD.Irecv(came, 1 - RANK, 1) for _ in range(WINDOW)]
            MPI.Request.Waitall(receives + [WORLD.Isend(mine, 1 - RANK, 1) for _ in range(WINDOW)])
    return run, 1, lambda: weighted(came)


def allreduce(n):
    mine, came = filled(n), np.zeros(n // 8)

    def run(times):
        for _ in range(times):
            WORLD.Allreduce(mine, came)
    return run, 1, lambda: weighted(came)


def bcast(n):
    arrays = [filled(n) if root == RANK else np.zeros(n // 8) for root in range(SIZE)]

    def run(times):
        for _ in range(times):
            for root in range(SIZE):
                WORLD.Bcast(arrays[root], root)
    return run, SIZE, lambda: sum(map(weighted, arrays))


def alltoall(n):
    mine, came = filled(n * SIZE), np.zeros(n * SIZE // 8)

    def run(times):
        for _ in range(times):
            WORLD.Alltoall(mine, came)
    return run, 1, lambda: weighted(came)


def ring(n):
    mine, came = filled(n), np.zeros(n // 8)
    before, after = (RANK - 1) % SIZE, (RANK + 1) % SIZE

    def run(times):
        for _ in range(times):
            if RANK == 0:
                WORLD.Send(mine, after, 1)
            WORLD.Recv(came, before, 1)
            if RANK != 0:
                WORLD.Send(mine, after, 1)
    return run, SIZE, lambda: weighted(came)


def one_sided(n, is_put):
    """Rank 0 writes into memory of rank 1, or reads it, under a lock: each by itself until it is there, of long ones 64 at once."""
    window = MPI.Win.Allocate(n if RANK == 1 else 0, 8, comm=WORLD)
    exposed = np.frombuffer(window, np.float64) if RANK == 1 else np.zeros(0)
    mine = filled(n)
    exposed[:] = 0 if is_put else mine[:exposed.size]
    at_once = 1 if n < 65536 else WINDOW
    WORLD.Barrier()

    def run(times):
        if RANK == 0:
            window.Lock(1)
            for _ in range(0, times, at_once):
                for _ in range(at_once):
                    if is_put:
                        window.Put(mine, 1)
                    else:
                        window.Get(mine, 1)
                window.Flush(1)
            window.Unlock(1)
        WORLD.Barrier()
    return run, 1, lambda: weighted(exposed if is_put else mine), window.Free


JOBS = {"put": lambda n: one_sided(n, True), "get": lambda n: one_sided(n, False),
        "latency": latency, "object": value, "bandwidth": bandwidth, "bibandwidth": bibandwidth, "allreduce": allreduce,
        "bcast": bcast, "alltoall": alltoall, "ring": ring}

# ---- what rank 0 is told, told to the others

job = None
first = None


def timed(times):
    """A tenth of them before the clock starts. Seconds of one."""
    run, per, checksum = job[:3]
    run(-(-times // 10))
    WORLD.Barrier()
    start = time.perf_counter()
    run(times)
    seconds = (time.perf_counter() - start) / times / per
    if first is not None and checksum() != first:
        print(f"Error: after {times} runs rank {RANK} has {checksum()}, {first} after the first", file=sys.stderr)
        WORLD.Abort(1)
    return seconds


def obey(verb, a, b):
    global job, first
    if verb == "prepare":
        if job and len(job) > 3:
            job[3]()
        job, first = None, None
        job = JOBS[a](b)
    if verb == "run":
        return timed(a)
    if verb == "sum":
        first = job[2]()
        return WORLD.allreduce(first)
    return None


def all_obey(verb, a=None, b=None):
    for other in range(1, SIZE):
        WORLD.send((verb, a, b), other, 99)
    return obey(verb, a, b)


def follow():
    """Between commands nobody spins: the ranks of another peer need the cores."""
    verb = None
    while verb != "quit":
        while not WORLD.Iprobe(0, 99):
            time.sleep(0.002)
        verb, a, b = WORLD.recv(source=0, tag=99)
        obey(verb, a, b)


class Cases:
    def get(self, name):
        kind = name.split("-")[0]
        if kind not in JOBS:
            return None

        def make(n, _):
            all_obey("prepare", kind, n)
            return {"run": lambda: all_obey("run", 1), "time": lambda times: all_obey("run", times),
                    "checksum": lambda: all_obey("sum"), "threads": SIZE}
        return make


pids = WORLD.gather(os.getpid())
if RANK == 0:
    library = MPI.Get_library_version().split(",")[0].strip().replace(" v", " ")
    serve(f"mpi4py {mpi4py.__version__} ({library})", Cases(), pids=pids)
    all_obey("quit")
else:
    follow()
