#include <stddef.h>

// The number of allocations of the calling thread so far; -1 where they cannot be counted.
long allocation_count(void);
