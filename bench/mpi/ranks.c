// The same in C: rank 0 answers the lines of harness/peer.ts, the others do as it does. `ranks hello` is the program of the case `start`.
#include <math.h>
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WINDOW 64
#define WORLD MPI_COMM_WORLD
#define ALONE MPI_STATUS_IGNORE

static int rank, size;

static double hash01(uint32_t i, uint32_t seed) {
  uint32_t h = (i + seed) * 2654435761u;
  h ^= h >> 15;
  h *= 0x2c1b3c6du;
  h ^= h >> 12;
  h *= 0x297a2d39u;
  h ^= h >> 15;
  return (h >> 8) / 16777216.0;
}

static double weighted(const double *x, long count) {
  double s = 0;
  for (long i = 0; i < count; i++) s += fabs(x[i]) * hash01(i, 99);
  return s;
}

// ---- a case as all ranks do it: `run` one after another, `per` operations in each

static struct {
  void (*run)(long times);
  double (*checksum)(void);
  int per, changes;
  double *mine, *came;   // of `count`, or so many for each rank
  long count, cameCount;
  double **roots;        // of bcast
  MPI_Comm grid;         // of heat
  long n, rows, top, width;
  int above, below;
  MPI_Win window;        // of put and get
  double *exposed;
  int hasWindow;
} job;

static void latency(long times) {
  int count = job.count;
  for (long i = 0; i < times; i++) {
    if (rank == 0) {
      MPI_Send(job.mine, count, MPI_DOUBLE, 1, 1, WORLD);
      MPI_Recv(job.came, count, MPI_DOUBLE, 1, 1, WORLD, ALONE);
    } else {
      MPI_Recv(job.came, count, MPI_DOUBLE, 0, 1, WORLD, ALONE);
      MPI_Send(job.mine, count, MPI_DOUBLE, 0, 1, WORLD);
    }
  }
}

static void bandwidth(long times) {
  MPI_Request requests[WINDOW];
  double answer = 0;
  for (long i = 0; i < times; i += WINDOW) {
    if (rank == 0) {
      for (int k = 0; k < WINDOW; k++) MPI_Isend(job.mine, job.count, MPI_DOUBLE, 1, 1, WORLD, &requests[k]);
      MPI_Waitall(WINDOW, requests, MPI_STATUSES_IGNORE);
      MPI_Recv(&answer, 1, MPI_DOUBLE, 1, 2, WORLD, ALONE);
    } else {
      for (int k = 0; k < WINDOW; k++) MPI_Irecv(job.came, job.count, MPI_DOUBLE, 0, 1, WORLD, &requests[k]);
      MPI_Waitall(WINDOW, requests, MPI_STATUSES_IGNORE);
      MPI_Send(&answer, 1, MPI_DOUBLE, 0, 2, WORLD);
    }
  }
}

static void bibandwidth(long times) {
  MPI_Request requests[2 * WINDOW];
  for (long i = 0; i < times; i += WINDOW) {
    for (int k = 0; k < WINDOW; k++) MPI_Irecv(job.came, job.count, MPI_DOUBLE, 1 - rank, 1, WORLD, &requests[k]);
    for (int k = 0; k < WINDOW; k++) MPI_Isend(job.mine, job.count, MPI_DOUBLE, 1 - rank, 1, WORLD, &requests[WINDOW + k]);
    MPI_Waitall(2 * WINDOW, requests, MPI_STATUSES_IGNORE);
  }
}

static void allreduce(long times) {
  for (long i = 0; i < times; i++) MPI_Allreduce(job.mine, job.came, job.count, MPI_DOUBLE, MPI_SUM, WORLD);
}

static void bcast(long times) {
  for (long i = 0; i < times; i++)
    for (int root = 0; root < size; root++) MPI_Bcast(job.roots[root], job.count, MPI_DOUBLE, root, WORLD);
}

static double checksumOfRoots(void) {
  double s = 0;
  for (int root = 0; root < size; root++) s += weighted(job.roots[root], job.count);
  return s;
}

static void alltoall(long times) {
  for (long i = 0; i < times; i++) MPI_Alltoall(job.mine, job.count, MPI_DOUBLE, job.came, job.count, MPI_DOUBLE, WORLD);
}

static void ring(long times) {
  int before = (rank + size - 1) % size, after = (rank + 1) % size, count = job.count;
  for (long i = 0; i < times; i++) {
    if (rank == 0) MPI_Send(job.mine, count, MPI_DOUBLE, after, 1, WORLD);
    MPI_Recv(job.came, count, MPI_DOUBLE, before, 1, WORLD, ALONE);
    if (rank != 0) MPI_Send(job.mine, count, MPI_DOUBLE, after, 1, WORLD);
  }
}

// Rank 0 writes into memory of rank 1, or reads it, under a lock: each by itself until it is there, of long ones 64 at once.
static void oneSided(long times, int isPut) {
  int count = job.count, atOnce = job.n < 65536 ? 1 : WINDOW;
  if (rank == 0) {
    MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 1, 0, job.window);
    for (long i = 0; i < times; i += atOnce) {
      for (int k = 0; k < atOnce; k++) {
        if (isPut) MPI_Put(job.mine, count, MPI_DOUBLE, 1, 0, count, MPI_DOUBLE, job.window);
        else MPI_Get(job.mine, count, MPI_DOUBLE, 1, 0, count, MPI_DOUBLE, job.window);
      }
      MPI_Win_flush(1, job.window);
    }
    MPI_Win_unlock(1, job.window);
  }
  MPI_Barrier(WORLD);
}

static void put(long times) { oneSided(times, 1); }
static void get(long times) { oneSided(times, 0); }
static double checksumOfExposed(void) { return weighted(job.exposed, rank == 1 ? job.count : 0); }
static double checksumOfMine(void) { return weighted(job.mine, job.count); }

static __attribute__((noinline)) void step(long rows, long n, long width, const double *restrict from, double *restrict to) {
  for (long row = 1; row <= rows; row++)
    for (long i = row * width + 1; i <= row * width + n; i++)
      to[i] = from[i] + 0.2 * (from[i - width] + from[i + width] + from[i - 1] + from[i + 1] - 4 * from[i]);
}

static void heat(long times) {
  long rows = job.rows, n = job.n, width = job.width;
  for (long i = 0; i < times; i++) {
    double *now = job.mine;
    MPI_Sendrecv(now + width + 1, n, MPI_DOUBLE, job.above, 0, now + (rows + 1) * width + 1, n, MPI_DOUBLE, job.below, 0, job.grid, ALONE);
    MPI_Sendrecv(now + rows * width + 1, n, MPI_DOUBLE, job.below, 1, now + 1, n, MPI_DOUBLE, job.above, 1, job.grid, ALONE);
    step(rows, n, width, now, job.came);
    job.mine = job.came;
    job.came = now;
  }
}

static double checksumOfPlate(void) {
  double s = 0;
  for (long row = 0; row < job.rows; row++)
    for (long c = 0; c < job.n; c++) s += job.mine[(row + 1) * job.width + c + 1] * hash01((job.top + row) * job.n + c, 99);
  return s;
}

static double checksumOfCame(void) { return weighted(job.came, job.cameCount); }

static double *filled(long count) {
  double *x = malloc(count * sizeof *x);
  for (long i = 0; i < count; i++) x[i] = hash01(i, 1000 * (rank + 1));
  return x;
}

// ---- what rank 0 is told, told to the others

static const char *names[] = {"latency", "bandwidth", "bibandwidth", "allreduce", "bcast", "alltoall", "ring", "heat", "put", "get"};
static void (*runs[])(long) = {latency, bandwidth, bibandwidth, allreduce, bcast, alltoall, ring, heat, put, get};
enum { JOBS = sizeof names / sizeof *names };
enum { PREPARE, RUN, SUM, QUIT };
static double first = NAN;

static int is(int name, const char *text) { return strcmp(names[name], text) == 0; }

static void drop(void) {
  free(job.mine);
  free(job.came);
  for (int root = 0; job.roots && root < size; root++) free(job.roots[root]);
  free(job.roots);
  if (job.hasWindow) MPI_Win_free(&job.window);
  if (job.grid) MPI_Comm_free(&job.grid);
  memset(&job, 0, sizeof job);
}

static void prepare(int name, long n) {
  drop();
  first = NAN;
  job.n = n;
  job.run = runs[name];
  job.checksum = checksumOfCame;
  job.per = is(name, "latency") ? 2 : is(name, "bcast") || is(name, "ring") ? size : 1;
  job.count = n / sizeof(double);
  if (is(name, "heat")) {
    int wraps = 0;
    MPI_Cart_create(WORLD, 1, &size, &wraps, 0, &job.grid);
    MPI_Cart_shift(job.grid, 0, 1, &job.above, &job.below);
    job.top = rank * n / size;
    job.rows = (rank + 1) * n / size - job.top;
    job.width = n + 2;
    job.mine = calloc((job.rows + 2) * job.width, sizeof(double));
    job.came = calloc((job.rows + 2) * job.width, sizeof(double));
    for (long row = 0; row < job.rows; row++)
      for (long c = 0; c < n; c++) job.mine[(row + 1) * job.width + c + 1] = 100 * hash01((job.top + row) * n + c, 5);
    job.checksum = checksumOfPlate;
    job.changes = 1;
  } else if (is(name, "bcast")) {
    job.roots = malloc(size * sizeof *job.roots);
    for (int root = 0; root < size; root++)
      job.roots[root] = root == rank ? filled(job.count) : calloc(job.count, sizeof(double));
    job.checksum = checksumOfRoots;
  } else if (is(name, "put") || is(name, "get")) {
    long count = rank == 1 ? job.count : 0;
    job.mine = filled(job.count);
    job.hasWindow = 1;
    MPI_Win_allocate(count * sizeof(double), sizeof(double), MPI_INFO_NULL, WORLD, &job.exposed, &job.window);
    for (long i = 0; i < count; i++) job.exposed[i] = is(name, "get") ? job.mine[i] : 0;
    job.checksum = is(name, "get") ? checksumOfMine : checksumOfExposed;
    MPI_Barrier(WORLD);
  } else {
    job.cameCount = is(name, "alltoall") ? size * job.count : job.count;
    job.mine = filled(job.cameCount);
    job.came = calloc(job.cameCount, sizeof(double));
  }
}

// A tenth of them before the clock starts. Seconds of one.
static double run(long times) {
  job.run((times + 9) / 10);
  MPI_Barrier(WORLD);
  double from = MPI_Wtime();
  job.run(times);
  double seconds = (MPI_Wtime() - from) / times / job.per;
  if (!job.changes && !isnan(first) && job.checksum() != first) {
    fprintf(stderr, "Error: after %ld runs rank %d has %.17g, %.17g after the first\n", times, rank, job.checksum(), first);
    MPI_Abort(WORLD, 1);
  }
  return seconds;
}

static double obey(const double *command) {
  double all = 0;
  if (command[0] == PREPARE) prepare(command[1], command[2]);
  if (command[0] == RUN) return run(command[1]);
  if (command[0] == SUM) {
    first = job.checksum();
    MPI_Allreduce(&first, &all, 1, MPI_DOUBLE, MPI_SUM, WORLD);
  }
  return all;
}

static double all(double verb, double a, double b) {
  double command[3] = {verb, a, b};
  for (int other = 1; other < size; other++) MPI_Send(command, 3, MPI_DOUBLE, other, 99, WORLD);
  return obey(command);
}

// Between commands nobody spins: the ranks of another peer need the cores.
static void follow(void) {
  double command[3] = {RUN, 0, 0};
  while (command[0] != QUIT) {
    int isThere = 0;
    while (MPI_Iprobe(0, 99, WORLD, &isThere, ALONE), !isThere) usleep(2000);
    MPI_Recv(command, 3, MPI_DOUBLE, 0, 99, WORLD, ALONE);
    obey(command);
  }
}

static void lead(const int *pids) {
  char line[256], id[64], version[MPI_MAX_LIBRARY_VERSION_STRING], number[32] = "";
  int length, ready = 0;
  MPI_Get_library_version(version, &length);
  int isOpen = sscanf(version, "Open MPI v%31[0-9.]", number) == 1;
  if (!isOpen) sscanf(version, "MPICH Version: %31[0-9.]", number);
  printf("{\"who\":\"C %s %s\",\"pids\":[", isOpen ? "Open MPI" : "MPICH", number);
  for (int r = 0; r < size; r++) printf("%s%d", r ? "," : "", pids[r]);
  printf("]}\n");
  while (fflush(stdout), fgets(line, sizeof line, stdin)) {
    long n, warm, inner;
    if (strncmp(line, "quit", 4) == 0) break;
    if (sscanf(line, "prepare %63s %ld", id, &n) == 2) {
      int name = 0;
      id[strcspn(id, "-")] = 0;
      while (name < JOBS && !is(name, id)) name++;
      ready = name < JOBS;
      if (!ready) {
        printf("{\"skip\":\"not written in C\"}\n");
        continue;
      }
      all(PREPARE, name, n);
      all(RUN, 1, 0);
      printf("{\"checksum\":%.17g,\"threads\":%d}\n", all(SUM, 0, 0), size);
    } else if (sscanf(line, "rep %ld %ld", &warm, &inner) == 2 && ready) {
      for (long k = 0; k < warm; k++) all(RUN, 1, 0);
      printf("{\"seconds\":%.9g}\n", all(RUN, inner, 0));
    } else printf("{\"error\":\"not understood\"}\n");
  }
  all(QUIT, 0, 0);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(WORLD, &rank);
  MPI_Comm_size(WORLD, &size);
  if (argc > 1 && strcmp(argv[1], "hello") == 0) {
    MPI_Barrier(WORLD);
    if (rank == 0) printf("%d ranks\n", size);
  } else {
    int pid = getpid(), pids[size];
    MPI_Gather(&pid, 1, MPI_INT, pids, 1, MPI_INT, 0, WORLD);
    if (rank == 0) lead(pids);
    else follow();
    drop();
  }
  MPI_Finalize();
}
