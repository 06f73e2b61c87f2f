"""Python's task runners: `python_peer.py serial | multiprocessing | dask | ray`, on processes, as many as there are threads."""
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
import numpy as np
from serve import serve

# Steps of `spin` that take some 20 ms: Python counts more slowly than the others.
SPIN_STEPS = 390_000
# Calls of one measurement where one takes a millisecond or more; the time of all is what they would take.
FEW = 2000


def noop(*_):
    return None


def spin(steps):
    x = 1
    for _ in range(steps):
        x = (x * 1664525 + 1013904223) & 0xFFFFFFFF
    return x


def total(x):
    return float(x.sum())


def add(a, b):
    return a + b


def array():
    return (np.arange(1 << 20) % 7) + 0.25


def median(values):
    return sorted(values)[len(values) // 2]


def one_by_one(call, most, rest=0.0):
    def timed(inner):
        seconds = []
        for _ in range(min(inner, most)):
            if rest:
                time.sleep(rest)
            start = time.perf_counter()
            call()
            seconds.append(time.perf_counter() - start)
        return median(seconds)
    return timed


def share_of(n, most, run):
    """Runs fewer than n, and says how long n would have taken."""
    some = min(n, most)

    def timed(_):
        start = time.perf_counter()
        run(some)
        return (time.perf_counter() - start) * n / some
    return timed


def at_once(n, threads, most, run):
    return dict(run=lambda: run(min(n, most)), time=share_of(n, most, run), checksum=lambda: None, threads=threads)


def single(threads, call, most, rest=0.0):
    return dict(run=call, time=one_by_one(call, most, rest), checksum=lambda: None, threads=threads)


def summed(threads, call):
    found = []

    def run():
        found[:] = [call()]
    return dict(run=run, checksum=lambda: found[0], threads=threads)


def tree(submit, value):
    """Adds the numbers from 0 to n by n tasks."""
    def run(n):
        level = list(range(n + 1))
        while len(level) > 1:
            rest = level[-1:] if len(level) % 2 else []
            level = [submit(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)] + rest
        assert value(level[0]) == n * (n + 1) // 2
    return run


def words_of(line):
    return line.rstrip("\n").split(" ")


def route_of(line):
    words = line.rstrip("\n").split(" ")
    return f"{words[2]}–{words[3]}"


def checksum_of(counts):
    total = 0
    for word, count in counts:
        hash = 0
        for c in word:
            hash = (hash * 31 + ord(c)) & 0xFFFF
        total += count * hash
    return total


def counted(threads, count):
    """`count` is given the path of the file of flights, and gives words with their counts."""
    def prepare(n, k):
        path = os.environ["FLIGHTS"] % n
        found = []

        def run():
            found[:] = [count(path, k)]
        return dict(run=run, checksum=lambda: checksum_of(found[0]), threads=threads or k)
    return prepare


def serial():
    def count(make):
        def read(path, _):
            with open(path) as lines:
                return make(lines).items()
        return counted(1, read)

    def spins(n, _):
        return dict(run=lambda: [spin(SPIN_STEPS) for _ in range(n)], checksum=lambda: None, threads=1)
    return f"Python {sys.version.split()[0]}, no worker", {
        "spin": spins,
        "bag-routes": count(lambda lines: Counter(map(route_of, lines))),
        "bag-words": count(lambda lines: Counter(word for line in lines for word in words_of(line))),
    }


def multiprocessing():
    pools = {}

    def pool(threads):
        if threads not in pools:
            pools[threads] = get_context("spawn").Pool(threads)
        return pools[threads]
    x = array()
    return f"multiprocessing (Python {sys.version.split()[0]})", {
        "noop": lambda n, k: at_once(n, k, n, lambda m: pool(k).map(noop, range(m), 1)),
        "noop-one": lambda _, k: single(k, lambda: pool(k).apply(noop), 2000),
        "noop-parked": lambda _, k: single(k, lambda: pool(k).apply(noop), 2000, 5e-3),
        "array_f64": lambda _, k: summed(k, lambda: pool(k).apply(total, (x,))),
        "spin": lambda n, k: dict(run=lambda: pool(k).map(spin, [SPIN_STEPS] * n, 1), checksum=lambda: None, threads=k),
    }


def dask():
    import dask
    import dask.bag
    import distributed
    clients, pools = {}, {}

    def client(threads):
        if threads not in clients:
            cluster = distributed.LocalCluster(
                n_workers=threads, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1",
                silence_logs=40)
            clients[threads] = distributed.Client(cluster)
        return clients[threads]
    x = array()

    def count(step):
        def read(path, k):
            if k not in pools:
                pools[k] = ProcessPoolExecutor(k, mp_context=get_context("spawn"))
            # By default a file is one block; of so many it is fastest.
            lines = dask.bag.read_text(path, blocksize=-(-os.path.getsize(path) // (16 * k)))
            return step(lines).frequencies().compute(scheduler="processes", pool=pools[k])
        return counted(None, read)

    def mapped(c, f, values):
        return c.gather(c.map(f, values, pure=False))
    return f"Dask {distributed.__version__}", {
        "noop": lambda n, k: at_once(n, k, FEW, lambda m: mapped(client(k), noop, range(m))),
        "noop-one": lambda _, k: single(k, lambda: client(k).submit(noop, pure=False).result(), 100),
        "noop-parked": lambda _, k: single(k, lambda: client(k).submit(noop, pure=False).result(), 100, 5e-3),
        "array-heap_f64": lambda _, k: summed(
            k, lambda: client(k).submit(total, client(k).scatter(x, hash=False), pure=False).result()),
        "array_f64": lambda _, k: summed(k, lambda: client(k).submit(total, x, pure=False).result()),
        "spin": lambda n, k: dict(
            run=lambda: mapped(client(k), spin, [SPIN_STEPS] * n), checksum=lambda: None, threads=k),
        "tree": lambda n, k: at_once(n, k, FEW, tree(
            lambda a, b: client(k).submit(add, a, b, pure=False), lambda last: last.result())),
        "bag-routes": count(lambda lines: lines.map(route_of)),
        "bag-words": count(lambda lines: lines.map(words_of).flatten()),
    }


def ray():
    import ray
    started = []

    def start(threads):
        if not started:
            started.append(ray.init(
                num_cpus=threads, include_dashboard=False, log_to_driver=False, logging_level="error",
                object_store_memory=256 << 20))
    remote = {f.__name__: ray.remote(f) for f in (noop, spin, total, add)}
    x = array()

    @ray.remote(num_cpus=0)
    class Idler:
        def noop(self):
            return None

    def case(make):
        def prepare(n, threads):
            start(threads)
            return make(n, threads)
        return prepare

    def actor(n, k):
        idler = Idler.remote()
        return at_once(n, k, 2 * FEW, lambda m: ray.get([idler.noop.remote() for _ in range(m)]))

    def actor_one(_, k):
        idler = Idler.remote()
        return single(k, lambda: ray.get(idler.noop.remote()), 500)

    def put_once(_, k):
        # The array is in the object store, as Skein's is in the heap.
        ref = ray.put(x)
        return summed(k, lambda: ray.get(remote["total"].remote(ref)))
    return f"Ray {ray.__version__}", {
        "noop": case(lambda n, k: at_once(n, k, 5 * FEW, lambda m: ray.get([remote["noop"].remote() for _ in range(m)]))),
        "noop-one": case(lambda _, k: single(k, lambda: ray.get(remote["noop"].remote()), 500)),
        "noop-parked": case(lambda _, k: single(k, lambda: ray.get(remote["noop"].remote()), 500, 5e-3)),
        "array-heap_f64": case(put_once),
        "array_f64": case(lambda _, k: summed(k, lambda: ray.get(remote["total"].remote(x)))),
        "spin": case(lambda n, k: dict(
            run=lambda: ray.get([remote["spin"].remote(SPIN_STEPS) for _ in range(n)]), checksum=lambda: None,
            threads=k)),
        "actor": case(actor),
        "actor-one": case(actor_one),
        "tree": case(lambda n, k: at_once(n, k, FEW, tree(remote["add"].remote, ray.get))),
    }


if __name__ == "__main__":
    serve(*{"serial": serial, "multiprocessing": multiprocessing, "dask": dask, "ray": ray}[sys.argv[1]]())
