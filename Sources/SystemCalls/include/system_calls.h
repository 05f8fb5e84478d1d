// Calls of the operating system that Swift does not see, or not on every system.
#pragma once
#include <stdbool.h>
#include <sys/types.h>

// Makes `count` bytes of `target` share the blocks of `source`. Offsets and count are multiples of the file system's
// block size.
bool system_share_blocks(int source, off_t from, int target, off_t to, size_t count);

// Copies inside the kernel. Returns the bytes copied, 0 at the end of the source, or -1 with errno, where ENOSYS stands
// for every reason why the kernel cannot copy between these two files.
ssize_t system_copy_range(int source, off_t from, int target, off_t to, size_t count);

// The first offset from `offset` on that is outside a hole, or in one; -1 where there is none (errno ENXIO) or where the
// file system cannot tell.
off_t system_next_data(int file, off_t offset);
off_t system_next_hole(int file, off_t offset);

// Has `path`, a file or a folder that holds such files alone, removed when a signal asks the process to end (hang-up,
// interrupt, terminate), until it is kept again.
// Returns a slot, or -1 where all 16 are taken. Signals that the process was started to ignore stay ignored.
int system_remove_on_signal(const char *path);
void system_keep_on_signal(int slot);

// Exchanges the names of two files or folders of one file system at once; false where it cannot, with errno on Linux and
// macOS.
bool system_exchange(const char *a, const char *b);

// Lets writes beyond a limit on file sizes fail instead of ending the process.
void system_ignore_size_signal(void);

// Sets whether a line stands on the terminal of standard error that a signal should erase.
void system_set_line_shown(bool is_shown);

// Makes the terminal of standard input send keys as they are typed, without echo and signals, until it is restored.
// Returns false where standard input is no terminal.
bool system_edit_terminal(void);
void system_restore_terminal(void);

// Sets whether the first interrupt only shows in `system_was_interrupted`; a second one ends the process.
void system_catch_interrupts(bool are_caught);
bool system_was_interrupted(void);
