/*
 * Datatypes in words and numbers, read from standard input: each constructor by MPI's name takes its type from a stack and leaves its own there;
 * `struct` takes as many as it has blocks, the last of them first.
 */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { most = 4096 };

static MPI_Datatype stack[most];
static int top;

static long number(void) {
  long n;
  if (scanf("%ld", &n) != 1) exit(2);
  return n;
}

static int *ints(int n) {
  int *list = malloc(sizeof(int) * (n + 1));
  for (int i = 0; i < n; i++) list[i] = number();
  return list;
}

static MPI_Aint *addresses(int n) {
  MPI_Aint *list = malloc(sizeof(MPI_Aint) * (n + 1));
  for (int i = 0; i < n; i++) list[i] = number();
  return list;
}

static MPI_Datatype basic(const char *name) {
  static const struct { const char *name; MPI_Datatype type; } *found, table[] = {
    {"int8", MPI_INT8_T}, {"uint8", MPI_UINT8_T}, {"int16", MPI_INT16_T}, {"uint16", MPI_UINT16_T}, {"int32", MPI_INT32_T},
    {"uint32", MPI_UINT32_T}, {"int64", MPI_INT64_T}, {"uint64", MPI_UINT64_T}, {"float32", MPI_FLOAT}, {"float64", MPI_DOUBLE},
    {"bool", MPI_C_BOOL}, {"byte", MPI_BYTE}, {"floatInt", MPI_FLOAT_INT}, {"doubleInt", MPI_DOUBLE_INT},
    {"longInt", MPI_LONG_INT}, {"shortInt", MPI_SHORT_INT}, {"twoInt", MPI_2INT}, {NULL, 0},
  };
  for (found = table; found->name; found++)
    if (strcmp(found->name, name) == 0) return found->type;
  exit(3);
}

static void construct(const char *word) {
  MPI_Datatype *t = &stack[top - 1];
  if (strcmp(word, "contiguous") == 0) MPI_Type_contiguous(number(), *t, t);
  else if (strcmp(word, "vector") == 0 || strcmp(word, "hvector") == 0) {
    int count = number(), length = number();
    long stride = number();
    if (*word == 'h') MPI_Type_create_hvector(count, length, stride, *t, t);
    else MPI_Type_vector(count, length, stride, *t, t);
  } else if (strcmp(word, "indexed") == 0) {
    int n = number(), *lengths = ints(n);
    MPI_Type_indexed(n, lengths, ints(n), *t, t);
  } else if (strcmp(word, "hindexed") == 0) {
    int n = number(), *lengths = ints(n);
    MPI_Type_create_hindexed(n, lengths, addresses(n), *t, t);
  } else if (strcmp(word, "indexedBlock") == 0) {
    int n = number(), length = number();
    MPI_Type_create_indexed_block(n, length, ints(n), *t, t);
  } else if (strcmp(word, "hindexedBlock") == 0) {
    int n = number(), length = number();
    MPI_Type_create_hindexed_block(n, length, addresses(n), *t, t);
  } else if (strcmp(word, "struct") == 0) {
    int n = number(), *lengths = ints(n);
    MPI_Aint *displs = addresses(n);
    MPI_Datatype made;
    top -= n;
    MPI_Type_create_struct(n, lengths, displs, &stack[top], &made);
    stack[top++] = made;
  } else if (strcmp(word, "subarray") == 0) {
    int n = number(), *sizes = ints(n), *subsizes = ints(n), *starts = ints(n);
    MPI_Type_create_subarray(n, sizes, subsizes, starts, number() ? MPI_ORDER_C : MPI_ORDER_FORTRAN, *t, t);
  } else if (strcmp(word, "darray") == 0) {
    int size = number(), rank = number(), n = number(), *gsizes = ints(n), *distribs = ints(n), *dargs = ints(n);
    int *psizes = ints(n);
    static const int names[] = {MPI_DISTRIBUTE_BLOCK, MPI_DISTRIBUTE_CYCLIC, MPI_DISTRIBUTE_NONE};
    for (int d = 0; d < n; d++) {
      distribs[d] = names[distribs[d]];
      if (dargs[d] < 0) dargs[d] = MPI_DISTRIBUTE_DFLT_DARG;
    }
    MPI_Type_create_darray(size, rank, n, gsizes, distribs, dargs, psizes, number() ? MPI_ORDER_C : MPI_ORDER_FORTRAN, *t, t);
  } else if (strcmp(word, "resized") == 0) {
    long lb = number();
    MPI_Type_create_resized(*t, lb, number(), t);
  } else stack[top++] = basic(word);
}
