/*
 * The campaign's programs in C: reads `plan.RANK` of a folder and writes `log.RANK`, as `rank.ts` does over our calls. What is a value there is
 * its bytes here; what a library before MPI-4 lacks, partitions and persistent collectives, is the whole message and a call that is started anew.
 */
#include "../type-words.h"
#include <stdint.h>

enum { mostNumbers = 1 << 16, wordBytes = 64 };

typedef struct {
  enum { none, inplace, part, parts, typed } is;
  unsigned char *base, *at;
  long bytes, from;
  int count, n;
  MPI_Datatype type;
  int *counts, *displs;
  MPI_Aint *addresses;
  MPI_Datatype *types;
} Buffer;

/* A call under way: what its log is of. */
typedef struct {
  MPI_Request request;
  /* Of two calls as one, the other. */
  MPI_Request sending;
  MPI_Status status;
  enum { nothing, message, value, result } log;
  int isPersistent;
  long label;
  Buffer buffer;
  const unsigned char *from;
  long length;
} Under;

static MPI_Datatype types[256];
static int typeCount, isDumped;
static MPI_Comm comms[mostNumbers];
static Under *under[mostNumbers];
static MPI_Op ops[16];
static MPI_Datatype pair;
static FILE *out;

/* What a program takes is given back at its end. */
static void **taken;
static size_t takenCount, takenRoom;

static void *take(size_t bytes) {
  void *memory = calloc(1, bytes + 64);
  if (takenCount == takenRoom) taken = realloc(taken, sizeof(void *) * (takenRoom = 2 * takenRoom + 64));
  return taken[takenCount++] = memory;
}

static void read(char *into) {
  if (scanf("%63s", into) != 1) exit(2);
}

static int is(const char *a, const char *b) { return strcmp(a, b) == 0; }
static int rankOf(long rank) { return rank == -1 ? MPI_ANY_SOURCE : rank == -2 ? MPI_PROC_NULL : rank == -4 ? MPI_ROOT : rank; }
static int tagOf(long tag) { return tag == -1 ? MPI_ANY_TAG : tag; }

static unsigned char *filled(long bytes, uint32_t seed) {
  unsigned char *memory = take(bytes);
  for (long i = 0; i < bytes; i++) {
    uint32_t x = ((uint32_t)i ^ seed) * 0x9e3779b1u;
    x ^= x >> 15;
    memory[i] = (x * 0x85ebca6bu) >> 24;
  }
  return memory;
}

static void show(const unsigned char *bytes, long length) {
  if (isDumped) {
    for (long i = 0; i < length; i++) fprintf(out, "%02x", bytes[i]);
    return;
  }
  uint32_t a = 0x811c9dc5u, b = 0x9747b28cu;
  for (long i = 0; i < length; i++) {
    a = (a ^ bytes[i]) * 0x01000193u;
    b = (b ^ bytes[i]) * 0x5bd1e995u;
    b ^= b >> 15;
  }
  fprintf(out, "%x.%x", a, b);
}

static Buffer buffer(void) {
  char word[wordBytes];
  Buffer b = {.is = none, .type = MPI_BYTE};
  read(word);
  if (is(word, "inplace")) {
    b.is = inplace;
    b.at = MPI_IN_PLACE;
  } else if (is(word, "part")) {
    b.is = part;
    b.bytes = number();
    b.base = filled(b.bytes, number());
    b.at = b.base + (b.from = number());
    b.count = number();
    b.type = types[number()];
    number();
  } else if (is(word, "parts")) {
    b.is = parts;
    b.bytes = number();
    b.base = filled(b.bytes, number());
    b.at = b.base + (b.from = number());
    b.type = types[number()];
    number();
    b.n = number();
    b.counts = ints(b.n);
    b.displs = ints(b.n);
  } else if (is(word, "typed")) {
    b.is = typed;
    b.bytes = number();
    b.at = b.base = filled(b.bytes, number());
    number();
    b.n = number();
    b.counts = ints(b.n);
    b.displs = ints(b.n);
    b.addresses = take(sizeof(MPI_Aint) * (b.n + 1));
    b.types = take(sizeof(MPI_Datatype) * (b.n + 1));
    for (int i = 0; i < b.n; i++) b.addresses[i] = b.displs[i];
    for (int i = 0; i < b.n; i++) b.types[i] = types[number()];
  }
  return b;
}

static void logMessage(long label, MPI_Status *status, Buffer *b) {
  int bytes, count;
  MPI_Get_count(status, MPI_BYTE, &bytes);
  MPI_Get_count(status, b->type, &count);
  int isNull = status->MPI_SOURCE == MPI_PROC_NULL;
  fprintf(out, "%ld %d %d %d %d ", label, isNull ? -2 : status->MPI_SOURCE, isNull ? -1 : status->MPI_TAG, bytes,
          count == MPI_UNDEFINED ? -1 : count);
  show(b->base, b->bytes);
  fprintf(out, "\n");
}

static void logValue(long label, MPI_Status *status, Buffer *b) {
  fprintf(out, "%ld %d %d ", label, status->MPI_SOURCE, status->MPI_TAG);
  show(b->at, b->count);
  fprintf(out, "\n");
}

static Under *open(long id) {
  Under *u = take(sizeof(Under));
  u->request = u->sending = MPI_REQUEST_NULL;
  return under[id] = u;
}

static void finish(Under *u) {
  if (u->log == message) logMessage(u->label, &u->status, &u->buffer);
  else if (u->log == value) logValue(u->label, &u->status, &u->buffer);
  else if (u->log == result) {
    fprintf(out, "%ld ", u->label);
    show(u->from, u->length);
    fprintf(out, "\n");
  }
}

/* Messages. */

static void send(void) {
  char how[wordBytes], mode[wordBytes];
  read(how);
  read(mode);
  long id = number();
  MPI_Comm comm = comms[number()];
  int dest = rankOf(number()), tag = number();
  number();
  Buffer b = buffer();
  int m = is(mode, "standard") ? 0 : is(mode, "synchronous") ? 1 : is(mode, "buffered") ? 2 : 3;
  if (is(how, "now")) {
    int (*calls[])(const void *, int, MPI_Datatype, int, int, MPI_Comm) = {MPI_Send, MPI_Ssend, MPI_Bsend, MPI_Rsend};
    calls[m](b.at, b.count, b.type, dest, tag, comm);
    return;
  }
  Under *u = open(id);
  if (is(how, "start")) {
    int (*calls[])(const void *, int, MPI_Datatype, int, int, MPI_Comm, MPI_Request *) = {MPI_Isend, MPI_Issend, MPI_Ibsend, MPI_Irsend};
    calls[m](b.at, b.count, b.type, dest, tag, comm, &u->request);
  } else {
    int (*calls[])(const void *, int, MPI_Datatype, int, int, MPI_Comm, MPI_Request *) = {MPI_Send_init, MPI_Ssend_init, MPI_Bsend_init, MPI_Rsend_init};
    calls[m](b.at, b.count, b.type, dest, tag, comm, &u->request);
    MPI_Start(&u->request);
    u->isPersistent = 1;
  }
}

static void recv(void) {
  char how[wordBytes];
  read(how);
  long id = number(), label = number();
  MPI_Comm comm = comms[number()];
  int source = rankOf(number()), tag = tagOf(number());
  int isValue = number();
  Buffer b = buffer();
  MPI_Status status;
  MPI_Message found;
  int flag = 0;
  if (is(how, "start") || is(how, "persistent") || is(how, "imrecv")) {
    Under *u = open(id);
    u->log = isValue ? value : message;
    u->label = label;
    u->buffer = b;
    if (is(how, "imrecv")) {
      MPI_Mprobe(source, tag, comm, &found, &status);
      MPI_Imrecv(b.at, b.count, b.type, &found, &u->request);
    } else if (is(how, "start")) MPI_Irecv(b.at, b.count, b.type, source, tag, comm, &u->request);
    else {
      MPI_Recv_init(b.at, b.count, b.type, source, tag, comm, &u->request);
      MPI_Start(&u->request);
      u->isPersistent = 1;
    }
    return;
  }
  if (is(how, "now")) MPI_Recv(b.at, b.count, b.type, source, tag, comm, &status);
  else if (is(how, "probe") || is(how, "iprobe")) {
    if (is(how, "probe")) MPI_Probe(source, tag, comm, &status);
    else while (!flag) MPI_Iprobe(source, tag, comm, &flag, &status);
    MPI_Recv(b.at, b.count, b.type, status.MPI_SOURCE, status.MPI_TAG, comm, &status);
  } else {
    if (is(how, "mprobe")) MPI_Mprobe(source, tag, comm, &found, &status);
    else while (!flag) MPI_Improbe(source, tag, comm, &flag, &found, &status);
    MPI_Mrecv(b.at, b.count, b.type, &found, &status);
  }
  if (isValue) logValue(label, &status, &b);
  else logMessage(label, &status, &b);
}

static void flood(void) {
  int how = number();
  long label = number();
  MPI_Comm comm = comms[number()];
  int n = number(), most = number(), size, isFirst = 1;
  unsigned char **came = take(sizeof *came * (n + 1));
  MPI_Status *statuses = take(sizeof *statuses * (n + 1));
  for (int i = 0; i < n; i++) {
    came[i] = filled(most, label);
    if (how == 0) MPI_Recv(came[i], most, MPI_BYTE, MPI_ANY_SOURCE, MPI_ANY_TAG, comm, &statuses[i]);
    else if (how == 1) {
      MPI_Message found;
      MPI_Mprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, comm, &found, &statuses[i]);
      MPI_Mrecv(came[i], most, MPI_BYTE, &found, &statuses[i]);
    } else {
      MPI_Probe(MPI_ANY_SOURCE, MPI_ANY_TAG, comm, &statuses[i]);
      MPI_Recv(came[i], most, MPI_BYTE, statuses[i].MPI_SOURCE, statuses[i].MPI_TAG, comm, &statuses[i]);
    }
  }
  MPI_Comm_size(comm, &size);
  fprintf(out, "%ld ", label);
  for (int source = 0; source < size; source++)
    for (int i = 0; i < n; i++) {
      if (statuses[i].MPI_SOURCE != source) continue;
      int bytes;
      MPI_Get_count(&statuses[i], MPI_BYTE, &bytes);
      fprintf(out, "%s%d %d %d ", isFirst ? "" : "; ", source, statuses[i].MPI_TAG, bytes);
      show(came[i], most);
      isFirst = 0;
    }
  fprintf(out, "\n");
}

static void sendrecv(void) {
  char how[wordBytes];
  read(how);
  long id = number(), label = number();
  MPI_Comm comm = comms[number()];
  int dest = rankOf(number()), sendTag = number(), source = rankOf(number()), tag = number();
  Buffer s = buffer(), r = buffer();
  MPI_Status status;
  if (is(how, "isendrecv")) {
    /* Not in MPI before 4.0. */
    Under *u = open(id);
    u->log = message;
    u->label = label;
    u->buffer = r;
    MPI_Isend(s.at, s.count, s.type, dest, sendTag, comm, &u->sending);
    MPI_Irecv(r.at, r.count, r.type, source, tag, comm, &u->request);
    return;
  }
  if (is(how, "replace")) MPI_Sendrecv_replace(s.at, s.count, s.type, dest, sendTag, source, tag, comm, &status);
  else MPI_Sendrecv(s.at, s.count, s.type, dest, sendTag, r.at, r.count, r.type, source, tag, comm, &status);
  if (!is(how, "values")) logMessage(label, &status, is(how, "replace") ? &s : &r);
  else if (source == MPI_PROC_NULL) fprintf(out, "%ld nothing\n", label);
  else logValue(label, &status, &r);
}

static void partitioned(int isSend) {
  long id = number(), label = isSend ? 0 : number();
  MPI_Comm comm = comms[number()];
  int other = number(), tag = number(), partitions = number();
  if (isSend) ints(partitions);
  Buffer b = buffer();
  Under *u = open(id);
  if (isSend) MPI_Isend(b.at, b.count, b.type, other, tag, comm, &u->request);
  else {
    MPI_Irecv(b.at, b.count, b.type, other, tag, comm, &u->request);
    u->log = message;
    u->label = label;
    u->buffer = b;
  }
}

static void complete(void) {
  char how[wordBytes];
  read(how);
  int n = number(), *ids = ints(n), left = n, found, some, flag;
  MPI_Request *requests = take(sizeof *requests * (n + 1));
  MPI_Status *statuses = take(sizeof *statuses * (n + 1)), status;
  int *indices = take(sizeof *indices * (n + 1));
  for (int i = 0; i < n; i++) requests[i] = under[ids[i]]->request;
  if (is(how, "waitAll")) MPI_Waitall(n, requests, statuses);
  else if (is(how, "testAll")) do MPI_Testall(n, requests, &flag, statuses);
    while (!flag);
  else if (is(how, "waitAny") || is(how, "testAny")) {
    while (left > 0) {
      if (is(how, "waitAny")) MPI_Waitany(n, requests, &found, &status);
      else MPI_Testany(n, requests, &found, &flag, &status);
      if (is(how, "testAny") && (!flag || found == MPI_UNDEFINED)) continue;
      statuses[found] = status;
      left--;
    }
  } else if (is(how, "waitSome") || is(how, "testSome")) {
    MPI_Status *these = take(sizeof *these * (n + 1));
    while (left > 0) {
      if (is(how, "waitSome")) MPI_Waitsome(n, requests, &some, indices, these);
      else MPI_Testsome(n, requests, &some, indices, these);
      for (int k = 0; k < some; k++) statuses[indices[k]] = these[k];
      left -= some;
    }
  } else if (is(how, "test"))
    for (int i = 0; i < n; i++) do MPI_Test(&requests[i], &flag, &statuses[i]);
      while (!flag);
  else
    for (int i = 0; i < n; i++) MPI_Wait(&requests[i], &statuses[i]);
  for (int i = 0; i < n; i++) {
    Under *u = under[ids[i]];
    u->status = statuses[i];
    MPI_Wait(&u->sending, MPI_STATUS_IGNORE);
    finish(u);
    if (u->isPersistent) MPI_Request_free(&requests[i]);
  }
}

/* Collectives. */

static uint32_t afterOne(uint32_t a, uint32_t b) {
  uint32_t m = a >> 16, c = a & 0xffff, n = b >> 16, d = b & 0xffff;
  return ((m * n) << 16) | ((n * c + d) & 0xffff);
}

static void after(void *in, void *inout, int *n, MPI_Datatype *type) {
  uint32_t *a = in, *b = inout;
  for (int i = 0; i < *n; i++) b[i] = afterOne(a[i], b[i]);
}

static void mingle(void *in, void *inout, int *n, MPI_Datatype *type) {
  uint32_t *a = in, *b = inout;
  for (int i = 0; i < *n; i++) b[i] = a[i] + b[i] + a[i] * b[i];
}

static void afterPairs(void *in, void *inout, int *n, MPI_Datatype *type) {
  uint32_t *a = in, *b = inout;
  for (int i = 0; i < 2 * *n; i += 2) {
    b[i + 1] += b[i] * a[i + 1];
    b[i] *= a[i];
  }
}

static void collective(void) {
  char name[wordBytes], how[wordBytes], form[wordBytes], word[wordBytes];
  read(name);
  read(how);
  read(form);
  long id = number(), label = number();
  MPI_Comm comm = comms[number()];
  long givenRoot = number();
  int root = rankOf(givenRoot), op = number(), rank, isInter;
  Buffer s = buffer(), r = buffer();
  read(word);
  int n = number(), *counts = ints(n);
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_test_inter(comm, &isInter);
  MPI_Op o = op < 0 ? MPI_OP_NULL : ops[op];
  /* Of a reduction either buffer tells of the elements. */
  int count = s.is == part ? s.count : r.count;
  MPI_Datatype type = s.is == part ? s.type : r.type;
  if (is(name, "reduce") && s.is == none && r.is == none) o = MPI_SUM, type = MPI_INT;
  int isSent = is(how, "start"), times = is(how, "persistent") ? 2 : 1;
  MPI_Request request;
  if (is(how, "persistent")) isSent = 1;
#define CALL(x, y, ...) isSent ? MPI_I##y(__VA_ARGS__, comm, &request) : MPI_##x(__VA_ARGS__, comm)
  for (int time = 0; time < times; time++) {
    if (is(name, "barrier")) isSent ? MPI_Ibarrier(comm, &request) : MPI_Barrier(comm);
    else if (is(name, "bcast")) CALL(Bcast, bcast, r.at, r.count, r.type, root);
    else if (is(name, "gather")) CALL(Gather, gather, s.at, s.count, s.type, r.at, r.count, r.type, root);
    else if (is(name, "gatherv")) CALL(Gatherv, gatherv, s.at, s.count, s.type, r.at, r.counts, r.displs, r.type, root);
    else if (is(name, "scatter")) CALL(Scatter, scatter, s.at, s.count, s.type, r.at, r.count, r.type, root);
    else if (is(name, "scatterv")) CALL(Scatterv, scatterv, s.at, s.counts, s.displs, s.type, r.at, r.count, r.type, root);
    else if (is(name, "allgather")) CALL(Allgather, allgather, s.at, s.count, s.type, r.at, r.count, r.type);
    else if (is(name, "allgatherv")) CALL(Allgatherv, allgatherv, s.at, s.count, s.type, r.at, r.counts, r.displs, r.type);
    else if (is(name, "alltoall")) CALL(Alltoall, alltoall, s.at, s.count, s.type, r.at, r.count, r.type);
    else if (is(name, "alltoallv")) CALL(Alltoallv, alltoallv, s.at, s.counts, s.displs, s.type, r.at, r.counts, r.displs, r.type);
    else if (is(name, "alltoallw")) CALL(Alltoallw, alltoallw, s.at, s.counts, s.displs, s.types, r.at, r.counts, r.displs, r.types);
    else if (is(name, "reduce")) CALL(Reduce, reduce, s.at, r.at, count, type, o, root);
    else if (is(name, "allreduce")) CALL(Allreduce, allreduce, s.at, r.at, count, type, o);
    else if (is(name, "scan")) CALL(Scan, scan, s.at, r.at, count, type, o);
    else if (is(name, "exscan")) CALL(Exscan, exscan, s.at, r.at, count, type, o);
    else if (is(name, "reduceScatterBlock")) CALL(Reduce_scatter_block, reduce_scatter_block, s.at, r.at, counts[rank], type, o);
    else if (is(name, "reduceScatter")) CALL(Reduce_scatter, reduce_scatter, s.at, r.at, counts, type, o);
    else if (is(name, "neighborAllgather")) CALL(Neighbor_allgather, neighbor_allgather, s.at, s.count, s.type, r.at, r.count, r.type);
    else if (is(name, "neighborAllgatherv")) CALL(Neighbor_allgatherv, neighbor_allgatherv, s.at, s.count, s.type, r.at, r.counts, r.displs, r.type);
    else if (is(name, "neighborAlltoall")) CALL(Neighbor_alltoall, neighbor_alltoall, s.at, s.count, s.type, r.at, r.count, r.type);
    else if (is(name, "neighborAlltoallv")) CALL(Neighbor_alltoallv, neighbor_alltoallv, s.at, s.counts, s.displs, s.type, r.at, r.counts, r.displs, r.type);
    else if (is(name, "neighborAlltoallw")) CALL(Neighbor_alltoallw, neighbor_alltoallw, s.at, s.counts, s.addresses, s.types, r.at, r.counts, r.addresses, r.types);
    else exit(5);
    if (is(how, "persistent")) MPI_Wait(&request, MPI_STATUS_IGNORE);
  }
#undef CALL
  int isRoot = isInter ? root == MPI_ROOT : root == rank;
  int isLogged = r.is != none && r.is != inplace && !(is(name, "exscan") && rank == 0) && !(is(name, "bcast") && isRoot);
  Under once = {.sending = MPI_REQUEST_NULL, .log = isLogged ? result : nothing, .label = label, .from = r.base, .length = r.bytes};
  if (strncmp(name, "reduceScatter", 13) == 0 && s.is == inplace) {
    int size;
    MPI_Type_size(type, &size);
    once.from = r.at;
    once.length = (long)counts[rank] * size;
  }
  if (is(how, "start")) {
    once.request = request;
    *open(id) = once;
  } else finish(&once);
}

/* Communicators. */

static void communicator(const char *what) {
  if (is(what, "who")) {
    long label = number();
    MPI_Comm comm = comms[number()];
    int rank, size, isInter, remote = 0;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    MPI_Comm_test_inter(comm, &isInter);
    if (isInter) MPI_Comm_remote_size(comm, &remote);
    fprintf(out, "%ld %d %d %d\n", label, rank, size, remote);
    return;
  }
  long index = number();
  MPI_Comm comm = comms[index], made = MPI_COMM_NULL;
  if (is(what, "free")) {
    MPI_Comm_free(&comms[index]);
    return;
  }
  long id = number();
  if (is(what, "dup")) MPI_Comm_dup(comm, &made);
  else if (is(what, "split")) {
    int color = number(), key = number();
    MPI_Comm_split(comm, color < 0 ? MPI_UNDEFINED : color, key, &made);
  } else if (is(what, "create") || is(what, "createGroup")) {
    int tag = number(), n = number(), *ranks = ints(n);
    MPI_Group all, some;
    MPI_Comm_group(comm, &all);
    MPI_Group_incl(all, n, ranks, &some);
    if (is(what, "create")) MPI_Comm_create(comm, some, &made);
    else MPI_Comm_create_group(comm, some, tag, &made);
  } else if (is(what, "intercomm")) {
    int leader = number();
    MPI_Comm peer = comms[number()];
    int remote = number(), tag = number();
    MPI_Intercomm_create(comm, leader, peer, remote, tag, &made);
  } else if (is(what, "merge")) MPI_Intercomm_merge(comm, number(), &made);
  else if (is(what, "cart")) {
    int n = number(), *dims = ints(n), *periods = ints(n);
    MPI_Cart_create(comm, n, dims, periods, 0, &made);
  } else if (is(what, "graph")) {
    int n = number(), *sources = ints(n), m = number(), *destinations = ints(m);
    MPI_Dist_graph_create_adjacent(comm, n, sources, MPI_UNWEIGHTED, m, destinations, MPI_UNWEIGHTED, MPI_INFO_NULL, 0, &made);
  } else exit(6);
  if ((made == MPI_COMM_NULL) != (id < 0)) exit(7);
  if (id >= 0) comms[id] = made;
}

static void type(void) {
  char word[wordBytes];
  for (read(word); !is(word, "end"); read(word)) construct(word);
  MPI_Type_commit(&stack[0]);
  types[typeCount++] = stack[0];
  top = 0;
}

static void begin(void) {
  static const char *names[] = {"int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64", "twoInt", "byte"};
  typeCount = 0;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) types[typeCount++] = basic(names[i]);
  MPI_Comm_dup(MPI_COMM_WORLD, &comms[0]);
}

int main(int argc, char **argv) {
  char path[4096], word[wordBytes];
  int rank;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  isDumped = argc > 2;
  snprintf(path, sizeof path, "%s/plan.%d", argv[1], rank);
  if (!freopen(path, "r", stdin)) return 4;
  snprintf(path, sizeof path, "%s/log.%d", argv[1], rank);
  out = fopen(path, "w");
  MPI_Buffer_attach(malloc(1 << 27), 1 << 27);
  MPI_Type_contiguous(2, MPI_UINT32_T, &pair);
  const MPI_Op predefined[] = {MPI_SUM, MPI_PROD, MPI_MAX, MPI_MIN, MPI_LAND, MPI_LOR, MPI_LXOR, MPI_BAND, MPI_BOR, MPI_BXOR, MPI_MAXLOC, MPI_MINLOC};
  memcpy(ops, predefined, sizeof predefined);
  MPI_Op_create(after, 0, &ops[12]);
  MPI_Op_create(after, 0, &ops[13]);
  MPI_Op_create(mingle, 1, &ops[14]);
  MPI_Op_create(afterPairs, 0, &ops[15]);
  long seed = 0;
  while (scanf("%63s", word) == 1) {
    if (is(word, "program")) {
      seed = number();
      begin();
    } else if (is(word, "end")) {
      fprintf(out, "program %ld end\n", seed);
      fflush(out);
      while (takenCount > 0) free(taken[--takenCount]);
      for (int i = 12; i < typeCount; i++) MPI_Type_free(&types[i]);
    } else if (is(word, "type")) type();
    else if (is(word, "send")) send();
    else if (is(word, "recv")) recv();
    else if (is(word, "flood")) flood();
    else if (is(word, "sendrecv")) sendrecv();
    else if (is(word, "psend")) partitioned(1);
    else if (is(word, "precv")) partitioned(0);
    else if (is(word, "complete")) complete();
    else if (is(word, "barrier")) MPI_Barrier(comms[number()]);
    else if (is(word, "coll")) collective();
    else communicator(word);
  }
  fclose(out);
  MPI_Finalize();
  return 0;
}
