/*
 * The oracle of datatypes: builds types as a file says (type-words.h), and prints what the library makes of them: `print n` takes a type from the
 * stack, and prints its size, bounds and true bounds, and n elements as they are sent, in hexadecimal; or `refused`, if the library did not make it.
 */
#include "type-words.h"

enum { reach = 1 << 20 };

static unsigned char memory[2 * reach], packed[reach];
static int refused;
static void refuse(MPI_Comm *comm, int *code, ...) { refused = 1; }

static void print(MPI_Datatype type, int count) {
  int size;
  MPI_Aint lb, extent, trueLb, trueExtent;
  MPI_Type_commit(&type);
  MPI_Type_size(type, &size);
  MPI_Type_get_extent(type, &lb, &extent);
  MPI_Type_get_true_extent(type, &trueLb, &trueExtent);
  printf("%d %ld %ld %ld %ld ", size, (long)lb, (long)extent, (long)trueLb, (long)trueExtent);
  MPI_Sendrecv(memory + reach, count, type, 0, 0, packed, sizeof packed, MPI_BYTE, 0, 0, MPI_COMM_SELF, MPI_STATUS_IGNORE);
  for (int i = 0; i < size * count; i++) printf("%02x", packed[i]);
  printf("\n");
}

int main(int argc, char **argv) {
  char word[32];
  MPI_Errhandler handler;
  if (!freopen(argv[1], "r", stdin)) return 4;
  MPI_Init(&argc, &argv);
  MPI_Comm_create_errhandler(refuse, &handler);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, handler);
  MPI_Comm_set_errhandler(MPI_COMM_SELF, handler);
  for (int i = 0; i < 2 * reach; i++) memory[i] = (unsigned char)((i * 2654435761u) >> 24);
  while (scanf("%31s", word) == 1) {
    if (strcmp(word, "print") == 0) {
      int count = number();
      if (refused) printf("refused\n");
      else print(stack[top - 1], count);
      refused = 0;
      top--;
    } else construct(word);
    if (refused) stack[top - 1] = MPI_BYTE;
  }
  MPI_Finalize();
  return 0;
}
