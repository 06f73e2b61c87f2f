"""The inputs of data.ts in NumPy, for the Python peers."""
import numpy as np

F = np.float32


def hash01(n, seed=0, start=0):
    h = (np.arange(start, start + n, dtype=np.uint32) + np.uint32(seed)) * np.uint32(2654435761)
    h ^= h >> np.uint32(15)
    h *= np.uint32(0x2C1B3C6D)
    h ^= h >> np.uint32(12)
    h *= np.uint32(0x297A2D39)
    h ^= h >> np.uint32(15)
    return (h >> np.uint32(8)) / 16777216.0


def checksum(*arrays):
    total, place = 0.0, 0
    for array in arrays:
        flat = np.ravel(array)
        for at in range(0, flat.size, 1 << 20):
            part = np.abs(flat[at:at + (1 << 20)].astype(np.float64))
            total += float(part @ hash01(part.size, 99, place))
            place += part.size
    return total


def stream_x(n, dtype=F):
    return (hash01(n) * 8 - 4).astype(dtype)


def stream_y(n, dtype=F):
    return (hash01(n, 12345) * 4 - 2).astype(dtype)


def bodies(n, dtype=F):
    x, y, z = [(hash01(n, s) * 2 - 1).astype(dtype) for s in (1, 22222, 333333)]
    return x, y, z, (hash01(n, 4444444) + 0.1).astype(dtype)


def options(n, dtype=F):
    spot = (5 + 25 * hash01(n, 1)).astype(dtype)
    strike = (1 + 99 * hash01(n, 22222)).astype(dtype)
    return spot, strike, (0.25 + 9.75 * hash01(n, 333333)).astype(dtype)


def poisson(g):
    rows = g ** 3
    i = np.arange(rows)
    x, y, z = i % g, (i // g) % g, i // (g * g)
    columns = np.stack([i - g * g, i - g, i - 1, i, i + 1, i + g, i + g * g], 1)
    inside = np.stack([z > 0, y > 0, x > 0, np.ones(rows, bool), x < g - 1, y < g - 1, z < g - 1], 1)
    off = -1.0625
    values = np.broadcast_to(np.array([off, off, off, 6.4375, off, off, off]), (rows, 7))
    start = np.concatenate([[0], np.cumsum(inside.sum(1))]).astype(np.int32)
    return start, columns[inside].astype(np.int32), np.ascontiguousarray(values[inside]), hash01(rows, 7)


def distance(n):
    d = (1 + 99 * hash01(n * n, 5)).astype(F).reshape(n, n)
    np.fill_diagonal(d, 0)
    return d


def alive(n):
    cells = np.zeros((n, n), np.uint8)
    cells[1:-1, 1:-1] = (hash01(n * n, 9).reshape(n, n) < 0.35)[1:-1, 1:-1]
    return cells


def normal_constants():
    return 0.2316419, (0.31938153, -0.356563782, 1.781477937, -1.821255978, 1.330274429), 0.3989422804014327
