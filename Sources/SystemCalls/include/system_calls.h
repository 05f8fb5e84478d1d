// Calls of the operating system that Swift does not see, or not on every system.
#pragma once
#include <stdbool.h>
#include <sys/types.h>

// Makes `count` bytes of `target` share the blocks of `source`. All places are multiples of the file system's block.
bool system_share_blocks(int source, off_t from, int target, off_t to, size_t count);

// Copies inside the kernel. Returns the bytes copied, 0 at the end of the source, -1 with errno on failure, where
// ENOSYS also stands for every reason that says: not between these files.
ssize_t system_copy_range(int source, off_t from, int target, off_t to, size_t count);

// The next byte from `place` on that is, or is not, in a hole; -1 where there is none (errno ENXIO) or no telling.
off_t system_next_data(int file, off_t place);
off_t system_next_hole(int file, off_t place);

// Whether the process was started so that it ignores a signal.
bool system_ignores(int signal);
