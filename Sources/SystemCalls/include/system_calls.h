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

// Has `path` removed when a signal asks the process to end (hang-up, interrupt, terminate), until it is given up; what a
// signal does otherwise stays, and one that the process was started to ignore is ignored. The slot, or -1 where all of
// a few are taken.
int system_remove_on_signal(const char *path);
void system_give_up(int slot);

// Lets writes beyond a limit on file sizes fail instead of ending the process.
void system_ignore_size_signal(void);

// Has signals that ask the process to end handled here from now on: what is to be removed is, the terminal is left as it
// was found, and the signal ends the process.
void system_listen(void);

// Whether a line stands on the terminal of standard error that a signal should take away.
void system_line_is_shown(bool is_shown);

// Has the terminal of standard input send keys as they are typed, without echo and signals, until it is restored. False
// where it is no terminal.
bool system_edit_terminal(void);
void system_restore_terminal(void);

// While interrupts are heard, the first one only shows in `system_was_interrupted`; a second one ends the process.
void system_hear_interrupts(bool are_heard);
bool system_was_interrupted(void);
