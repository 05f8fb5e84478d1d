#define _GNU_SOURCE
#include "system_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#if defined(__linux__)
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#endif

bool system_share_blocks(int source, off_t from, int target, off_t to, size_t count) {
#if defined(FICLONERANGE)
  struct file_clone_range range = {source, (__u64)from, count, (__u64)to};
  return ioctl(target, FICLONERANGE, &range) == 0;
#else
  return false;
#endif
}

ssize_t system_copy_range(int source, off_t from, int target, off_t to, size_t count) {
#if defined(__linux__)
  ssize_t copied = copy_file_range(source, &from, target, &to, count, 0);
  if (copied < 0 && (errno == EXDEV || errno == EINVAL || errno == EOPNOTSUPP || errno == EPERM || errno == EBADF))
    errno = ENOSYS;
  return copied;
#else
  errno = ENOSYS;
  return -1;
#endif
}

off_t system_next_data(int file, off_t offset) { return lseek(file, offset, SEEK_DATA); }

off_t system_next_hole(int file, off_t offset) { return lseek(file, offset, SEEK_HOLE); }

#define SLOTS 16
static _Atomic(char *) removed_on_signal[SLOTS];
static pthread_once_t handler_once = PTHREAD_ONCE_INIT;
static atomic_bool line_is_shown;
static atomic_bool terminal_is_raw;
static struct termios terminal_before;
static atomic_bool interrupts_are_caught;
static atomic_bool interrupted;

static void handle_signal(int number) {
  if (number == SIGINT && interrupts_are_caught && !atomic_exchange(&interrupted, true)) return;
  for (int i = 0; i < SLOTS; i++) {
    char *path = removed_on_signal[i];
    if (path) unlink(path);
  }
  // Folders once they are empty.
  for (int i = 0; i < SLOTS; i++) {
    char *path = removed_on_signal[i];
    if (path) rmdir(path);
  }
  if (line_is_shown && write(STDERR_FILENO, "\r\033[K", 4) < 0) line_is_shown = false;
  // Ends bracketed paste.
  if (terminal_is_raw && write(STDERR_FILENO, "\033[?2004l\r\n", 10) < 0) line_is_shown = false;
  system_restore_terminal();
  // Blocked here, it ends the process on return.
  signal(number, SIG_DFL);
  raise(number);
}

static void install_handlers(void) {
  const int numbers[] = {SIGHUP, SIGINT, SIGTERM};
  for (int i = 0; i < 3; i++) {
    struct sigaction action;
    if (sigaction(numbers[i], NULL, &action) != 0 || action.sa_handler != SIG_DFL) continue;
    action.sa_handler = handle_signal;
    action.sa_flags = SA_RESTART;
    sigaction(numbers[i], &action, NULL);
  }
}

static void handle_signals(void) { pthread_once(&handler_once, install_handlers); }

int system_remove_on_signal(const char *path) {
  char *copy = strdup(path);
  handle_signals();
  for (int i = 0; copy && i < SLOTS; i++) {
    char *none = NULL;
    if (atomic_compare_exchange_strong(&removed_on_signal[i], &none, copy)) return i;
  }
  free(copy);
  return -1;
}

void system_keep_on_signal(int slot) {
  if (slot >= 0) free(atomic_exchange(&removed_on_signal[slot], NULL));
}

bool system_exchange(const char *a, const char *b) {
#if defined(__linux__)
  return renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) == 0;
#elif defined(__APPLE__)
  return renamex_np(a, b, RENAME_SWAP) == 0;
#else
  return false;
#endif
}

void system_ignore_size_signal(void) { signal(SIGXFSZ, SIG_IGN); }

void system_set_line_shown(bool is_shown) {
  handle_signals();
  line_is_shown = is_shown;
}

bool system_edit_terminal(void) {
  if (terminal_is_raw) return true;
  if (tcgetattr(STDIN_FILENO, &terminal_before) != 0) return false;
  struct termios edited = terminal_before;
  edited.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
  edited.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IXON | ISTRIP);
  edited.c_cc[VMIN] = 1;
  edited.c_cc[VTIME] = 0;
  handle_signals();
  // Keys typed ahead are kept.
  terminal_is_raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &edited) == 0;
  return terminal_is_raw;
}

void system_restore_terminal(void) {
  if (atomic_exchange(&terminal_is_raw, false)) tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal_before);
}

void system_catch_interrupts(bool are_caught) {
  handle_signals();
  interrupted = false;
  interrupts_are_caught = are_caught;
}

bool system_was_interrupted(void) { return interrupted; }
