#define _GNU_SOURCE
#include "system_calls.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#if defined(__linux__)
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

off_t system_next_data(int file, off_t place) { return lseek(file, place, SEEK_DATA); }

off_t system_next_hole(int file, off_t place) { return lseek(file, place, SEEK_HOLE); }

bool system_ignores(int signal) {
  struct sigaction action;
  return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}
