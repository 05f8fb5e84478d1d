#include <stddef.h>

// How often the calling thread has asked for memory so far; -1 where that cannot be counted.
long allocation_count(void);
